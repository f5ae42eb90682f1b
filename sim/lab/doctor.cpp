#include "sim/lab/doctor.hpp"

#include <fmt/format.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <sstream>

#include "sim/base/data_path.hpp"
#include "sim/base/user_error.hpp"
#include "sim/cluster/overhead.hpp"
#include "sim/cluster/power.hpp"
#include "sim/lab/child_pool.hpp"
#include "sim/lab/debian_systems.hpp"
#include "sim/lab/exit_status.hpp"
#include "sim/lab/json.hpp"
#include "sim/lab/ways.hpp"
#include "sim/timing/profile.hpp"

namespace hvlab::lab {

namespace {

namespace fs = std::filesystem;

constexpr double kGiB = 1 << 30;
constexpr double kEnoughMemory = 2 * kGiB;  // the largest of the demo's machines, twice
constexpr double kEnoughSpace = 1 * kGiB;   // Debian's packages and what is made of them

bool in_path(const std::string& program) {
  const char* const path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (access((folder + "/" + program).c_str(), X_OK) == 0) return true;
  }
  return false;
}

HostCheck host_processor() {
#if defined(__x86_64__)
  return {Finding::Fine, "host", fmt::format("x86-64, {} processor(s)", host_processors()), ""};
#else
  return {Finding::Missing, "host", "not x86-64", "HVLab runs on x86-64 Linux"};
#endif
}

HostCheck memory() {
  struct sysinfo info{};
  sysinfo(&info);
  const double total = static_cast<double>(info.totalram) * info.mem_unit;
  const std::string found = fmt::format("{:.1f} GiB", total / kGiB);
  if (total >= kEnoughMemory) return {Finding::Fine, "memory", found, ""};
  return {Finding::Optional, "memory", found,
          "machines with virtual machines inside need 1 GiB each; run fewer at a time"};
}

/// The nearest folder above `path` that exists: where it would be made.
fs::path existing(fs::path path) {
  while (!path.empty() && path != path.root_path() && !fs::exists(path)) path = path.parent_path();
  return path;
}

HostCheck cache() {
  try {
    const std::string folder = cache_directory();
    const fs::path place = existing(folder);
    std::error_code failed;
    const fs::space_info space = fs::space(place, failed);
    if (access(place.c_str(), W_OK) != 0)
      return {Finding::Optional, "cache", folder + " cannot be written",
              "set XDG_CACHE_HOME to a folder of yours"};
    const double free = failed ? 0 : static_cast<double>(space.available);
    const std::string found = fmt::format("{}, {:.1f} GiB free", folder, free / kGiB);
    if (free >= kEnoughSpace) return {Finding::Fine, "cache", found, ""};
    return {Finding::Optional, "cache", found,
            "Debian's packages for 'demo --real' need up to 1 GiB; set XDG_CACHE_HOME to another place"};
  } catch (const UserError& error) {
    return {Finding::Optional, "cache", error.what(), "set HOME or XDG_CACHE_HOME"};
  }
}

HostCheck systems() {
  try {
    return {Finding::Fine, "Debian systems", "kernel " + debian_kernel_version() + " in the cache", ""};
  } catch (const UserError&) {
    return {Finding::Optional, "Debian systems", "none in the cache yet",
            "'hvlab demo --real --prepare' fetches them from this host's Debian mirror"};
  }
}

HostCheck firmware() {
  const std::string file = debian_firmware_file();
  std::error_code error;
  if (fs::exists(file, error)) return {Finding::Fine, "firmware", "SeaBIOS in the cache", ""};
  return {Finding::Optional, "firmware", "none in the cache yet",
          "'hvlab boot --cdrom' or '--disk' without a kernel fetches Debian's SeaBIOS"};
}

HostCheck data(const char* folder, const char* subject) {
  try {
    return {Finding::Fine, subject, data_folder(folder).string(), ""};
  } catch (const UserError& error) {
    return {Finding::Missing, subject, error.what(), "set HVLAB_DATA to the folder of HVLab's data files"};
  }
}

HostCheck profiles() {
  size_t count = 0;
  try {
    for (const std::string& name : timing::profile_names()) {
      timing::load_profile(name, timing::Accuracy::Approximate);
      ++count;
    }
  } catch (const UserError& error) {
    return {Finding::Missing, "processor profiles", error.what(), "restore the file, or correct it"};
  }
  return {Finding::Fine, "processor profiles", fmt::format("{} read without a mistake", count), ""};
}

/// Every profile of clusters, since a scenario reads those alone that it names.
HostCheck cluster_profiles() {
  size_t count = 0;
  try {
    for (const std::string& name : media::profile_names("overhead"))
      count += cluster::load_overhead(name).name == name;
    for (const std::string& name : media::profile_names("mix")) count += cluster::load_mix(name).name == name;
    for (const std::string& name : media::profile_names("power"))
      count += cluster::load_power(name).name == name;
  } catch (const UserError& error) {
    return {Finding::Missing, "cluster profiles", error.what(), "restore the file, or correct it"};
  }
  return {Finding::Fine, "cluster profiles", fmt::format("{} read without a mistake", count), ""};
}

struct Program {
  const char* name;
  const char* use;
  const char* package;
};

// What commands call if it is there.
constexpr Program kPrograms[] = {
    {"apt-get", "fetching Debian's packages", "apt"},
    {"dpkg-deb", "unpacking them", "dpkg"},
    {"gnuplot", "plots of 'hvlab sweep'", "gnuplot-nox"},
    {"sbatch", "'hvlab sweep --slurm'", "slurm-client"},
};

HostCheck program(const Program& wanted) {
  if (in_path(wanted.name)) return {Finding::Fine, wanted.name, std::string("for ") + wanted.use, ""};
  return {Finding::Optional, wanted.name, std::string("not there; for ") + wanted.use,
          std::string("install the package ") + wanted.package};
}

const char* word(Finding finding) {
  switch (finding) {
    case Finding::Fine: return "ok";
    case Finding::Optional: return "optional";
    case Finding::Missing: return "MISSING";
  }
  return "";
}

void print(const std::vector<HostCheck>& checks) {
  for (const HostCheck& check : checks) {
    fmt::print("{:<9} {:<19} {}\n", word(check.finding), check.subject, check.found);
    if (!check.advice.empty()) fmt::print("{:<29} -> {}\n", "", check.advice);
  }
  std::fflush(stdout);
}

void print_json(const std::vector<HostCheck>& checks) {
  JsonWriter json(std::cout);
  json.begin_object().member("schema", "hvlab.doctor/1").key("checks").begin_array();
  for (const HostCheck& check : checks) {
    json.begin_object()
        .member("finding", check.finding == Finding::Missing ? "missing" : word(check.finding))
        .member("subject", check.subject)
        .member("found", check.found)
        .member("advice", check.advice)
        .end_object();
  }
  json.end_array().end_object();
  std::cout << '\n';
}

}  // namespace

std::vector<HostCheck> examine_host() {
  std::vector<HostCheck> checks = {host_processor(), memory(),           data("profiles/cpu", "data files"),
                                   profiles(),       cluster_profiles(), cache(),
                                   systems(),        firmware()};
  for (const Program& wanted : kPrograms) checks.push_back(program(wanted));
  return checks;
}

int doctor_command(const std::vector<std::string>& arguments) {
  const bool json = arguments.size() == 1 && arguments[0] == "--json";
  if (arguments.size() == 1 && arguments[0] == "--help") {
    std::cout
        << "usage: hvlab doctor [--json]\n\n"
           "Says what this host has for HVLab, what it lacks, and what to do about it. Changes nothing.\n\n"
           "Exit status: 0 if HVLab can run here, 6 if something it cannot run without is missing.\n";
    return 0;
  }
  if (!arguments.empty() && !json)
    throw UserError("doctor: no such option '" + arguments[0] + "'; see 'hvlab doctor --help'");
  const std::vector<HostCheck> checks = examine_host();
  json ? print_json(checks) : print(checks);
  std::cout.flush();
  for (const HostCheck& check : checks) {
    if (check.finding == Finding::Missing) return exit_status::kMissing;
  }
  return 0;
}

}  // namespace hvlab::lab
