// Changes by hand and what a group looks like, between the admin API and the store. On control's thread.
#pragma once

#include <string>

#include "kanaria/runtime/store.hpp"
#include "kanaria/server/reports.hpp"
#include "kanaria/targets/target_table.hpp"

namespace kanaria::server {

/// Carries it out, and has a line in the log for it whatever comes of it. `change` must live until it returns.
net::Awaitable<Changed> change_targets(runtime::Store& store, const runtime::TargetChange& change);

/// Once the store has a snapshot.
/// `reports`: the table's.
using Reports = std::vector<targets::TargetTable::GroupReport>;
GroupTargets targets_of(const runtime::Store& store, const Reports& reports, const std::string& group);

}  // namespace kanaria::server
