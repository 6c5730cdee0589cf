#include "kanaria/net/resolver.hpp"

#include <ares.h>

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <stdexcept>
#include <utility>

#include "kanaria/net/event.hpp"
#include "kanaria/net/sockets.hpp"

namespace kanaria::net {
namespace {

constexpr Milliseconds kPatience{5'000};
constexpr int kFirstTimeout = 1'000;  // milliseconds that a server has; twice that at the second try
constexpr int kTries = 2;             // of each server
constexpr std::size_t kQueriesAtOnce = 64;

std::string in_words(int status) {
  switch (status) {
    case ARES_ENOTFOUND: return "there is no such name";
    case ARES_ENODATA: return "the name has no address";
    case ARES_EBADNAME: return "this can't be a name in DNS";
    case ARES_ECONNREFUSED:  // also when each of them said SERVFAIL, NOTIMP or REFUSED
    case ARES_ESERVFAIL: return "no DNS server has an answer";
    case ARES_ETIMEOUT: return "no DNS server answered in time";
    case ARES_EFORMERR:
    case ARES_EBADRESP: return "the DNS server's answer is malformed";
    case ARES_ECANCELLED: return "the look-up was cancelled";
    default: return ares_strerror(status);
  }
}

/// The servers have spoken: there is no address. Anything else says nothing about the name.
bool is_negative(int status) {
  return status == ARES_ENOTFOUND || status == ARES_ENODATA;
}

template <auto free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    free(object);
  }
};
using Channel = std::unique_ptr<ares_channeldata, Freed<ares_destroy>>;
using Found = std::unique_ptr<ares_addrinfo, Freed<ares_freeaddrinfo>>;

/// One name that somebody waits for. The queries for it may outlive his patience: it is shared by all of them.
class Question final : private Wheel::Entry, private Loop::Late {
 public:
  Question(Loop& loop, std::string name) : loop_(loop), name_(std::move(name)) {
    loop_.wheel().schedule(*this, loop_.wheel().now() + ticks_of(kPatience));
  }

  const std::string& name() const { return name_; }
  bool over() const { return over_; }
  Awaitable<void> end() {
    while (!over_) co_await ended_.wait();
  }
  Resolution& result() { return result_; }

  void expect(unsigned answers) { expected_ = answers; }
  void take(int status, const ares_addrinfo* found) {
    if (over_) return;
    if (found != nullptr) add(*found);
    // Of two failures, the one that says nothing about the name.
    if (status != ARES_SUCCESS && (failure_ == ARES_SUCCESS || is_negative(failure_))) failure_ = status;
    if (--expected_ == 0) finish();
  }
  /// What has come until now is the result.
  void give_up(int status) {
    if (over_) return;
    failure_ = status;
    finish();
  }

 private:
  void expire() override { give_up(ARES_ETIMEOUT); }
  // Never from inside a call of c-ares: who waits may end the resolver.
  void at_turn_end() override { ended_.notify(); }

  void add(const ares_addrinfo& found) {
    for (const ares_addrinfo_node* node = found.nodes; node != nullptr; node = node->ai_next) {
      result_.addresses.push_back(Endpoint::of(node->ai_addr, node->ai_addrlen).address());
      limit_ttl(node->ai_ttl);
    }
    for (const ares_addrinfo_cname* alias = found.cnames; alias != nullptr; alias = alias->next) limit_ttl(alias->ttl);
  }
  void limit_ttl(int seconds) {
    const Milliseconds ttl = std::chrono::seconds(std::max(0, seconds));  // RFC 2181, section 8
    result_.ttl = limited_ ? std::min(result_.ttl, ttl) : ttl;
    limited_ = true;
  }

  void finish() {
    over_ = true;
    loop_.wheel().schedule(*this, kNever);
    auto& addresses = result_.addresses;
    std::ranges::sort(addresses);
    const auto repeated = std::ranges::unique(addresses);
    addresses.erase(repeated.begin(), repeated.end());
    if (addresses.empty()) {
      result_.error = in_words(failure_ == ARES_SUCCESS ? ARES_ENODATA : failure_);
    } else if (failure_ != ARES_SUCCESS && !is_negative(failure_)) {
      result_.error = in_words(failure_);
    }
    if (ended_.waiting()) loop_.line_up(*this);
  }

  Loop& loop_;
  std::string name_;
  Resolution result_;
  Event ended_;
  unsigned expected_ = 0;
  int failure_ = ARES_SUCCESS;  // the one that counts
  bool limited_ = false;        // the result's ttl is one
  bool over_ = false;
};

using QuestionPtr = std::shared_ptr<Question>;

ares_addrinfo_hints any_of(int family) {
  ares_addrinfo_hints hints{};
  hints.ai_family = family;
  hints.ai_flags = ARES_AI_NOSORT;  // sorting would connect a socket to each address
  return hints;
}

}  // namespace

struct Resolver::State final : private Wheel::Entry {
 public:
  State(Loop& loop, std::string servers);
  ~State() override { cancel(); }

  QuestionPtr put(std::string name);
  void cancel();

 private:
  /// A descriptor of c-ares.
  class Watch final : public Poller::Entry {
   public:
    Watch(State& state, int descriptor) : state_(state), descriptor_(descriptor) {}
    Poller::Interest interest = Poller::Interest::Reads;

   private:
    void on_ready(Readiness what) override { state_.on_ready(descriptor_, what); }
    State& state_;
    int descriptor_;
  };
  /// What c-ares keeps for us until it has an answer.
  struct Query {
    State& state;
    QuestionPtr question;
  };

  int open(Channel& channel, char lookups);
  bool look_into_hosts(Question& question);
  void ask(const QuestionPtr& question);
  void go_on();
  void on_ready(int descriptor, Readiness what);
  void on_socket(int descriptor, bool reads, bool writes);
  void expire() override;

  Loop& loop_;
  std::string servers_;
  std::deque<QuestionPtr> waiting_;
  std::size_t under_way_ = 0;     // queries
  std::map<int, Watch> watches_;  // outlives the channels, which close their sockets
  Channel hosts_;
  Channel dns_;
};

Resolver::State::State(Loop& loop, std::string servers) : loop_(loop), servers_(std::move(servers)) {
  static const int ready = ares_library_init(ARES_LIB_INIT_ALL);
  int status = ready;
  if (status == ARES_SUCCESS) status = open(hosts_, 'f');
  if (status == ARES_SUCCESS) status = open(dns_, 'b');
  if (status != ARES_SUCCESS) throw std::runtime_error(std::string("c-ares: ") + ares_strerror(status));
  if (!servers_.empty() && ares_set_servers_ports_csv(dns_.get(), servers_.c_str()) != ARES_SUCCESS)
    throw std::invalid_argument("\"" + servers_ + "\" is no list of DNS servers: write ADDRESS:PORT,...");
}

int Resolver::State::open(Channel& channel, char lookups) {
  std::array<char, 2> sources{lookups, '\0'};
  ares_options options{};
  options.lookups = sources.data();
  options.timeout = kFirstTimeout;
  options.tries = kTries;
  options.sock_state_cb_data = this;
  options.sock_state_cb = [](void* state, int descriptor, int reads, int writes) {
    static_cast<State*>(state)->on_socket(descriptor, reads != 0, writes != 0);
  };
  ares_channel opened = nullptr;
  const int status = ares_init_options(&opened, &options,
                                       ARES_OPT_LOOKUPS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);
  if (status == ARES_SUCCESS) channel.reset(opened);
  return status;
}

QuestionPtr Resolver::State::put(std::string name) {
  auto question = std::make_shared<Question>(loop_, std::move(name));
  if (look_into_hosts(*question)) return question;
  // A channel knows what resolv.conf said when it was made. If there is no room for another, it is good enough.
  if (under_way_ == 0 && waiting_.empty() && open(dns_, 'b') == ARES_SUCCESS && !servers_.empty())
    ares_set_servers_ports_csv(dns_.get(), servers_.c_str());
  waiting_.push_back(question);
  go_on();
  return question;
}

// A name that the file has is not asked for by DNS, not even for its other family.
bool Resolver::State::look_into_hosts(Question& question) {
  Found found;
  const ares_addrinfo_hints hints = any_of(AF_UNSPEC);
  ares_getaddrinfo(
      hosts_.get(), question.name().c_str(), nullptr, &hints,
      [](void* to, int, int, ares_addrinfo* file) { static_cast<Found*>(to)->reset(file); }, &found);
  if (!found || found->nodes == nullptr) return false;
  question.expect(1);
  question.take(ARES_SUCCESS, found.get());
  return true;
}

// The families apart: together, c-ares would not tell that it knows nothing of one of them.
void Resolver::State::ask(const QuestionPtr& question) {
  constexpr std::array kFamilies{AF_INET, AF_INET6};
  question->expect(kFamilies.size());
  for (const int family : kFamilies) {
    ++under_way_;
    const ares_addrinfo_hints hints = any_of(family);
    ares_getaddrinfo(
        dns_.get(), question->name().c_str(), nullptr, &hints,
        [](void* asked, int status, int, ares_addrinfo* answer) {
          const std::unique_ptr<Query> query(static_cast<Query*>(asked));
          const Found found(answer);
          --query->state.under_way_;
          query->question->take(status, found.get());
        },
        new Query{*this, question});
  }
}

/// After each call of c-ares: there may be room for others, and another deadline.
void Resolver::State::go_on() {
  while (!waiting_.empty() && under_way_ < kQueriesAtOnce) {
    const QuestionPtr question = std::move(waiting_.front());
    waiting_.pop_front();
    if (!question->over()) ask(question);
  }
  timeval left{};
  Tick due = kNever;
  if (ares_timeout(dns_.get(), nullptr, &left) != nullptr) {
    const auto wait = std::chrono::seconds(left.tv_sec) + std::chrono::microseconds(left.tv_usec);
    due = loop_.wheel().now() + ticks_of(std::chrono::ceil<Milliseconds>(wait));
  }
  loop_.wheel().schedule(*this, due);
}

void Resolver::State::on_ready(int descriptor, Readiness what) {
  ares_process_fd(dns_.get(), what.readable ? descriptor : ARES_SOCKET_BAD,
                  what.writable ? descriptor : ARES_SOCKET_BAD);
  // The poller tells of edges, and c-ares may leave bytes for its next call: if so, this brings another edge.
  if (const auto watch = watches_.find(descriptor); watch != watches_.end())
    loop_.poller().change(watch->second, descriptor, watch->second.interest);
  go_on();
}

void Resolver::State::on_socket(int descriptor, bool reads, bool writes) {
  const auto known = watches_.find(descriptor);
  if (!reads && !writes) {
    if (known == watches_.end()) return;
    loop_.poller().remove(known->second, descriptor);
    watches_.erase(known);
    return;
  }
  const auto interest = writes ? Poller::Interest::Both : Poller::Interest::Reads;
  Watch& watch = watches_.try_emplace(descriptor, *this, descriptor).first->second;
  watch.interest = interest;
  if (known == watches_.end()) {
    loop_.poller().add(watch, descriptor, interest);
  } else {
    loop_.poller().change(watch, descriptor, interest);
  }
}

void Resolver::State::expire() {
  ares_process_fd(dns_.get(), ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  go_on();
}

void Resolver::State::cancel() {
  for (const QuestionPtr& question : std::exchange(waiting_, {})) question->give_up(ARES_ECANCELLED);
  ares_cancel(dns_.get());
  go_on();
}

Resolver::Resolver(Loop& loop, const std::string& servers) : state_(std::make_unique<State>(loop, servers)) {}
Resolver::~Resolver() = default;

Awaitable<Resolution> Resolver::resolve(std::string name) {
  const QuestionPtr question = state_->put(std::move(name));
  co_await question->end();
  co_return std::move(question->result());
}

void Resolver::cancel() {
  state_->cancel();
}

}  // namespace kanaria::net
