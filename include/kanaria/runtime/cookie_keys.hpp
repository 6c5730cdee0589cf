// The keys that seal the cookies of a configuration, from where it says. On the blocking thread, or in a command.
#pragma once

#include <memory>
#include <string>

#include "kanaria/config/model.hpp"
#include "kanaria/cookies/key_ring.hpp"

namespace kanaria::runtime {

/// Whether a state_dir without keys is given a first one.
enum class Missing : bool { Report, Make };

/// Null without a fault: nothing is sealed, or, with Missing::Report, there are no keys yet. `previous`, those in
/// force (null: none), is given back where the keys are the same, and no new ones are made in its place. Faults stand
/// at the key of the file that names the place.
std::shared_ptr<const cookies::KeyRing> find_cookie_keys(const config::Model& model, Missing missing, unsigned workers,
                                                         const std::shared_ptr<const cookies::KeyRing>& previous,
                                                         config::Diagnostics& diagnostics);

/// What a reload has changed about the keys, in words without a secret; empty: nothing.
std::string describe_change(const cookies::KeyRing* before, const cookies::KeyRing* after);

}  // namespace kanaria::runtime
