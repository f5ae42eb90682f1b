#include "guest_run.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>

#include "sim/base/child.hpp"
#include "sim/lab/cpio.hpp"
#include "sim/lab/debian_systems.hpp"

namespace hvlab::test {

namespace fs = std::filesystem;

Scratch::Scratch() : folder_(fs::temp_directory_path() / ("hvlab-system-" + std::to_string(getpid()))) {
  fs::create_directories(folder_);
}
Scratch::~Scratch() { fs::remove_all(folder_); }

void need_systems(const std::vector<std::string>& systems) {
  std::vector<std::string> command = {HVLAB_WORKLOADS "/fetch"};
  command.insert(command.end(), systems.begin(), systems.end());
  Child fetch(command, true);
  if (fetch.wait() == 0) return;
  std::cerr << "Debian's packages cannot be had: skipped\n";
  std::exit(77);
}

std::string debian_cache() { return lab::cache_directory() + "/debian"; }
std::string debian_kernel() { return lab::debian_kernel_file(); }

std::string read_file(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_file(const fs::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary) << bytes;
}

void assemble(const std::string& recipe, const std::vector<std::string>& arguments, const fs::path& to) {
  std::vector<std::string> command = {"sh", recipe, lab::cache_directory(), HVLAB_WORKLOAD_PROGRAM};
  command.insert(command.end(), arguments.begin(), arguments.end());
  write_file(to, lab::write_cpio(lab::read_cpio_list(run_program(command), recipe)));
}

bool GuestRun::says(const std::string& line) const {
  return ("\n" + console).find("\n" + line + "\n") != std::string::npos;
}

GuestRun run_guest(const std::vector<std::string>& arguments) {
  std::vector<std::string> command = {HVLAB_PROGRAM, "boot", "--reproducible"};
  if (std::ranges::find(arguments, "--max-time") == arguments.end()) {
    command.insert(command.end(), {"--max-time", "120s"});
  }
  command.insert(command.end(), arguments.begin(), arguments.end());
  Child child(command, false);
  do {
    pollfd streams[] = {{child.output_descriptor(), POLLIN, 0}, {child.errors_descriptor(), POLLIN, 0}};
    poll(streams, 2, -1);
  } while (child.read_some());
  GuestRun run;
  run.status = child.wait();
  run.console = child.output();
  run.errors = child.errors();
  std::erase(run.console, '\r');
  return run;
}

}  // namespace hvlab::test
