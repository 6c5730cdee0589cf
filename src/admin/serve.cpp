#include "kanaria/admin/serve.hpp"

#include "kanaria/admin/api.hpp"

namespace kanaria::admin {

int serve(const std::string& config_file) {
  const std::unique_ptr<server::Server> server = server::make_server(config_file);
  Api full(*server, Access::Full);
  Api read_only(*server, Access::ReadOnly);
  switch (server->run(full, read_only)) {
    case server::Server::End::Drained: return 0;
    case server::Server::End::CouldNotStart: return 1;
    case server::Server::End::BadConfiguration: return 78;
  }
  return 1;
}

}  // namespace kanaria::admin
