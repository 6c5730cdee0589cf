#include "routes.hpp"

namespace kanaria::admin {
namespace {

constexpr std::string_view kTargets = "/api/v1/target-groups/{target_group}/targets";
constexpr std::string_view kWeights = "/api/v1/listeners/{listener}/rules/{rule}/weights";

constexpr Route kRoutes[] = {
    {"GET", "/healthz", Guard::None, false, "", process_healthz},
    {"GET", "/readyz", Guard::None, false, "", process_readyz},
    {"GET", "/metrics", Guard::None, false, "", process_metrics},
    {"POST", "/api/v1/reload", Guard::Changes, false, "dry_run force reset_overrides", process_reload},
    {"GET", "/api/v1/status", Guard::Reads, true, "", status_get},
    {"GET", "/api/v1/config", Guard::Reads, true, "", config_get},
    {"GET", "/api/v1/errors", Guard::Reads, true, "target_group after", errors_get},
    {"GET", "/api/v1/explain", Guard::Reads, true, "method url headers from listener", explain_get},
    {"GET", kWeights, Guard::Reads, true, "", weights_get},
    {"PUT", kWeights, Guard::Changes, true, "for reason", weights_put},
    {"DELETE", kWeights, Guard::Changes, true, "", weights_delete},
    {"GET", kTargets, Guard::Reads, true, "", targets_get},
    {"POST", kTargets, Guard::Changes, true, "", targets_post},
    {"DELETE", kTargets, Guard::Changes, true, "", targets_delete},
    {"GET", "/api/v1/rollouts", Guard::Reads, true, "", rollouts_list},
    {"GET", "/api/v1/rollouts/{rollout}", Guard::Reads, true, "", rollouts_get},
    {"POST", "/api/v1/rollouts/{rollout}/{verb}", Guard::Changes, true, "revision weight full", rollouts_post},
};

}  // namespace

std::span<const Route> routes() {
  return kRoutes;
}

}  // namespace kanaria::admin
