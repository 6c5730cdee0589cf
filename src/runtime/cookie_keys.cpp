#include "kanaria/runtime/cookie_keys.hpp"

namespace kanaria::runtime {
namespace {

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
  std::string fault;
  std::optional<cookies::Keys> keys;
  if (model.cookie_key_file) {
    const std::string& file = model.cookie_key_file->value;
    keys = cookies::read_keys(file, fault);
    if (!keys)
      diagnostics.error(model.cookie_key_file->at, "cookie_key_file", "cookie_key_file " + file + ": " + fault);
  } else {
    keys = cookies::keys_of_state_dir(model.state_dir->value, missing == Missing::Make, fault);
    if (!keys) diagnostics.error(model.state_dir->at, "state_dir", fault);
  }
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
