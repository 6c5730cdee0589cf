#include "kanaria/runtime/names.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "kanaria/net/event.hpp"
#include "kanaria/net/spawn.hpp"

namespace kanaria::runtime {
namespace {

using Addresses = std::vector<boost::asio::ip::address>;

/// However short a TTL is, /etc/hosts' none included.
constexpr Milliseconds kShortest{1'000};

/// As of addresses in the file: these would lead to ourselves, or to nobody.
bool is_usable(const boost::asio::ip::address& address) {
  return !address.is_unspecified() && !address.is_multicast();
}

Milliseconds after_failures(unsigned failures, Milliseconds max_ttl) {
  constexpr unsigned kDoublings = 12;  // from a second to over an hour, dns_max_ttl's limit
  return std::clamp(kShortest * (1U << std::min(failures - 1, kDoublings)), kShortest, std::max(kShortest, max_ttl));
}

std::string in_words(const Addresses& addresses) {
  std::string words;
  for (const auto& address : addresses) words += (words.empty() ? "" : ", ") + address.to_string();
  return words;
}

void keep_other_family(Addresses& now, const Addresses& before) {
  const bool has_v4 = std::ranges::any_of(now, &boost::asio::ip::address::is_v4);
  const bool has_v6 = std::ranges::any_of(now, &boost::asio::ip::address::is_v6);
  for (const auto& address : before)
    if (address.is_v4() ? !has_v4 : !has_v6) now.push_back(address);
  std::ranges::sort(now);
}

}  // namespace

Consequence follow(Known& known, const net::Resolution& answer, Milliseconds max_ttl) {
  Consequence consequence;
  Addresses now;
  std::ranges::copy_if(answer.addresses, std::back_inserter(now), is_usable);
  if (now.empty()) {
    known.error = answer.error.empty() ? "none of its addresses can be connected to" : answer.error;
    consequence.broke = known.failures++ == 0;
    consequence.next = after_failures(known.failures, max_ttl);
    return consequence;
  }
  if (!answer.error.empty()) keep_other_family(now, known.addresses);
  const std::size_t left_out = now.size() - std::min(now.size(), kMaxAddresses);
  now.resize(now.size() - left_out);
  consequence.changed = now != known.addresses;
  consequence.healed = known.failures > 0;
  consequence.overflowed = left_out > 0 && known.left_out == 0;
  consequence.next = std::clamp(answer.ttl, kShortest, std::max(kShortest, max_ttl));
  known = {std::move(now), {}, 0, left_out};
  return consequence;
}

struct Names::State final : std::enable_shared_from_this<State> {
  /// When a name is asked for again.
  class Name final : public net::Wheel::Entry {
   public:
    Name(State& state, std::string text) : state_(state), text_(std::move(text)) {}
    const std::string& text() const { return text_; }

    Milliseconds max_ttl{0};
    Tick next = 0;
    bool in_use = false;
    bool asked = false;  // a look-up is under way

   private:
    void expire() override { state_.ask(*this); }
    State& state_;
    std::string text_;
  };

  State(net::Loop& control, const std::string& servers, std::function<void()> on_change)
      : loop(control), resolver(control, servers), changed(std::move(on_change)) {}

  Name& name(const std::string& text) { return names.try_emplace(text, *this, text).first->second; }
  template <class Keep>
  void keep_only(Keep&& keep) {
    std::erase_if(names, [&](const auto& entry) { return !keep(entry.second); });
    std::erase_if(known, [&](const auto& entry) { return !names.contains(entry.first); });
  }

  void ask(Name& name);
  static net::Awaitable<void> look(std::shared_ptr<State> state, std::string text);
  void take(const std::string& text, const net::Resolution& answer);
  void tell();

  net::Loop& loop;
  net::Resolver resolver;
  std::function<void()> changed;
  std::map<std::string, Known> known;
  std::map<std::string, Name> names;
  net::Event looked;
  bool has_changed = false;
  bool telling = false;
  bool ended = false;
};

void Names::State::ask(Name& name) {
  name.asked = true;
  loop.wheel().schedule(name, kNever);
  net::spawn(loop, look(shared_from_this(), name.text()));
}

net::Awaitable<void> Names::State::look(std::shared_ptr<State> state, std::string text) {
  const net::Resolution answer = co_await state->resolver.resolve(text);
  state->take(text, answer);
}

void Names::State::take(const std::string& text, const net::Resolution& answer) {
  const auto at = names.find(text);
  if (at == names.end()) return;  // nobody wants it any more
  Name& name = at->second;
  name.asked = false;
  tell();
  if (ended) return;
  Known& now = known[text];
  const Consequence consequence = follow(now, answer, name.max_ttl);
  name.next = loop.wheel().now() + ticks_of(consequence.next);
  if (consequence.overflowed)
    spdlog::warn("name {} has {} addresses: the first {} are targets", text, kMaxAddresses + now.left_out,
                 kMaxAddresses);
  if (!name.in_use) return;  // whoever compiles tells what is wrong with it
  loop.wheel().schedule(name, name.next);
  has_changed = has_changed || consequence.changed;
  if (consequence.changed) spdlog::info("name {} means {} now", text, in_words(now.addresses));
  if (consequence.broke)
    spdlog::warn("name {} can't be resolved: {}; its last {} addresses stay", text, now.error, now.addresses.size());
  if (consequence.healed) spdlog::info("name {} resolves again", text);
}

/// From the loop's top, once for all answers of a turn.
void Names::State::tell() {
  if (std::exchange(telling, true)) return;
  loop.post([self = shared_from_this()] {
    self->telling = false;
    if (std::exchange(self->has_changed, false) && !self->ended) self->changed();
    self->looked.notify();
  });
}

Names::Names(net::Loop& control, const std::string& servers, std::function<void()> changed)
    : state_(std::make_shared<State>(control, servers, std::move(changed))) {}

Names::~Names() {
  state_->ended = true;
  for (auto& [text, name] : state_->names) state_->loop.wheel().schedule(name, kNever);
  state_->resolver.cancel();
}

net::Awaitable<void> Names::look_up(Wanted names) {
  const std::shared_ptr<State> state = state_;
  state->keep_only([&](const State::Name& name) { return name.in_use || names.contains(name.text()); });
  std::vector<std::string> awaited;
  for (const auto& [text, max_ttl] : names) {
    State::Name& name = state->name(text);
    if (!name.in_use) {
      name.max_ttl = max_ttl;
      awaited.push_back(text);
    }
    const bool is_good = name.in_use && state->known[text].failures == 0;
    if (!name.asked && !is_good) state->ask(name);
  }
  const auto is_open = [&](const std::string& text) {
    const auto at = state->names.find(text);
    return at != state->names.end() && at->second.asked;
  };
  while (std::ranges::any_of(awaited, is_open)) co_await state->looked.wait();
}

void Names::set(const Wanted& names) {
  state_->keep_only([&](const State::Name& name) { return names.contains(name.text()); });
  for (const auto& [text, max_ttl] : names) {
    State::Name& name = state_->name(text);
    name.in_use = true;
    name.max_ttl = max_ttl;
    name.next = std::min(name.next, state_->loop.wheel().now() + ticks_of(max_ttl));
    if (!name.asked) state_->loop.wheel().schedule(name, name.next);  // at once if it was never looked up
  }
}

const std::map<std::string, Known>& Names::known() const {
  return state_->known;
}

}  // namespace kanaria::runtime
