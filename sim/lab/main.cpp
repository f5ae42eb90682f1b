#include "sim/lab/command.hpp"

int main(int count, char** arguments) {
  return hvlab::lab::run_command_line({arguments + 1, arguments + count});
}
