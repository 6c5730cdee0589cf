#include "kanaria/admin/serve.hpp"

#include "kanaria/admin/api.hpp"

namespace kanaria::admin {

int serve(const std::string& config_file) {
  server::Server server(config_file);
  Api api(server);
  switch (server.run(api)) {
    case server::Server::End::Drained: return 0;
    case server::Server::End::CouldNotStart: return 1;
    case server::Server::End::BadConfiguration: return 78;
  }
  return 1;
}

}  // namespace kanaria::admin
