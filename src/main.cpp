#include "kanaria/cli/commands.hpp"

int main(int argc, char** argv) {
  return kanaria::cli::run(argc, argv);
}
