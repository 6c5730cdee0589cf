#include "kanaria/runtime/cookie_keys.hpp"

#include <spdlog/spdlog.h>

#include <filesystem>
#include <system_error>

namespace kanaria::runtime {
namespace {

/// What can't be looked at counts as there: what is wrong with it is told by who opens it.
bool is_there(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::symlink_status(path, ignored).type() != std::filesystem::file_type::not_found;
}

/// "2026-11-30-9f3a", or "2026-11-30-9f3a, then 2025-11-30-07c1".
std::string ids_of(const cookies::KeyRing* ring) {
  if (ring == nullptr) return "none";
  std::string ids;
  for (const cookies::Key& key : ring->keys())
    ids += (ids.empty() ? "" : &key == &ring->keys()[1] ? ", then " : ", ") + key.id;
  return ids;
}

}  // namespace

std::shared_ptr<const cookies::KeyRing> find_cookie_keys(const config::Model& model, Missing missing, unsigned workers,
                                                         const std::shared_ptr<const cookies::KeyRing>& previous,
                                                         config::Diagnostics& diagnostics) {
  if (!config::seals_cookies(model)) return nullptr;
  const bool is_file = model.cookie_key_file.has_value();
  const config::Text& place = is_file ? *model.cookie_key_file : *model.state_dir;
  const std::string_view name = is_file ? "cookie_key_file" : "state_dir";
  if (missing == Missing::Report && !is_there(place.value)) {
    diagnostics.warning(place.at, name, std::string(name) + " " + place.value + " isn't here: a start needs it");
    return nullptr;
  }
  std::string fault;
  std::optional<cookies::Keys> keys;
  if (is_file) {
    keys = cookies::read_keys(place.value, fault);
    if (!keys) fault = "cookie_key_file " + place.value + ": " + fault;
  } else {
    const std::string file = cookies::keys_file_in(place.value);
    const bool are_new = !is_there(file);
    // Those in force may be the only copy that is left, so they are not given up for new ones.
    if (are_new && previous) {
      fault = file + " isn't there: put the keys in force back, or, where every user may become a new visitor, " +
              "kanaria keys new > " + file;
    } else {
      keys = cookies::keys_of_state_dir(place.value, missing == Missing::Make, fault);
    }
    if (keys && !keys->empty() && are_new) spdlog::info("made a key for cookies, {} in {}", keys->front().id, file);
  }
  if (!keys) diagnostics.error(place.at, name, fault);
  if (!keys || keys->empty()) return nullptr;
  if (previous && previous->keys() == *keys) return previous;
  return std::make_shared<const cookies::KeyRing>(std::move(*keys), workers);
}

std::string describe_change(const cookies::KeyRing* before, const cookies::KeyRing* after) {
  if (before == after) return {};
  const std::string was = ids_of(before);
  const std::string is = ids_of(after);
  return was == is ? "cookie keys: " + is + " changed" : "cookie keys: " + was + " -> " + is;
}

}  // namespace kanaria::runtime
