#include "sim/lab/debian_systems.hpp"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "sim/base/child.hpp"
#include "sim/base/user_error.hpp"
#include "sim/boot/image_file.hpp"
#include "sim/boot/vmlinux_extract.hpp"
#include "sim/lab/cpio.hpp"

namespace hvlab::lab {

namespace fs = std::filesystem;

namespace {

/// Written under another name first: a run that starts meanwhile sees the old file or the new one, never half
/// of it.
void write_file(const fs::path& path, const std::string& bytes) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  const fs::path partial = path.string() + "." + std::to_string(getpid());
  std::ofstream file(partial, std::ios::binary);
  file << bytes;
  file.close();
  if (file) fs::rename(partial, path, error);
  if (!file || error) throw UserError("cannot write '" + path.string() + "': is the disk full?");
}

}  // namespace

std::string cache_directory() {
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache != '\0') {
    return std::string(cache) + "/hvlab";
  }
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') {
    return std::string(home) + "/.cache/hvlab";
  }
  throw UserError("neither HOME nor XDG_CACHE_HOME is set: nowhere to keep Debian's packages");
}

int fetch_systems(const std::vector<const Way*>& ways, bool refresh) {
  std::vector<std::string> command = {HVLAB_WORKLOADS "/fetch"};
  if (refresh) command.push_back("--refresh");
  std::set<std::string> systems;
  for (const Way* way : ways) {
    std::istringstream words(way->systems);
    for (std::string word; words >> word;) systems.insert(word);
  }
  command.insert(command.end(), systems.begin(), systems.end());
  Child fetch(command, true);
  return fetch.wait();
}

std::string debian_kernel_file() {
  const std::string kernel = cache_directory() + "/debian/kernel/vmlinuz";
  if (!fs::exists(kernel)) throw UserError("'" + kernel + "' is missing: run `hvlab demo --real --prepare`");
  return kernel;
}

std::string debian_kernel_image() { return fs::canonical(debian_kernel_file()).string(); }

std::string debian_kernel_elf() {
  return boot::cached_vmlinux_path({"vmlinuz", boot::read_file(debian_kernel_file(), "kernel"), ""});
}

std::string debian_xen_image() {
  const std::string xen = cache_directory() + "/debian/xen/xen.gz";
  if (!fs::exists(xen)) throw UserError("'" + xen + "' is missing: run `hvlab demo --real --prepare`");
  return fs::canonical(xen).string();
}

std::string debian_kernel_version() {
  const std::string image = fs::path(debian_kernel_image()).filename().string();  // vmlinuz-VERSION
  const size_t dash = image.find('-');
  return dash == std::string::npos ? image : image.substr(dash + 1);
}

std::string debian_firmware_file() {
  try {
    return cache_directory() + "/debian/seabios/root/usr/share/seabios/bios-256k.bin";
  } catch (const UserError&) {
    return "";
  }
}

std::string debian_firmware() {
  const std::string file = debian_firmware_file();
  if (fs::exists(file)) return file;
  Child fetch({HVLAB_WORKLOADS "/fetch", "seabios"}, true);
  if (fetch.wait() != 0 || !fs::exists(file))
    throw UserError("Debian's package seabios cannot be had; give other firmware with --bios FILE");
  return file;
}

namespace {

std::string assemble(const std::string& recipe, const std::string& guest_kernel) {
  const std::string script = HVLAB_WORKLOADS "/recipes/" + recipe + ".sh";
  const std::string list =
      run_program({"sh", script, cache_directory(), HVLAB_WORKLOAD_PROGRAM, guest_kernel});
  const fs::path path = cache_directory() + "/initrd/" + recipe + ".cpio";
  write_file(path, write_cpio(read_cpio_list(list, recipe)));
  return path.string();
}

}  // namespace

std::string initrd_path(const Way& way) { return cache_directory() + "/initrd/" + way.recipe + ".cpio"; }

std::string assemble_initrd(const Way& way) {
  if (*way.guest == '\0') return assemble(way.recipe, "");
  const std::string kernel = debian_kernel_elf();
  std::istringstream guests(way.guest);
  for (std::string guest; guests >> guest;) assemble(guest, kernel);
  return assemble(way.recipe, kernel);
}

}  // namespace hvlab::lab
