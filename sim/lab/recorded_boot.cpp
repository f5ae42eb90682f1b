#include "sim/lab/recorded_boot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "sim/lab/firmware.hpp"
#include "sim/lab/run_record.hpp"

namespace hvlab::lab {

namespace fs = std::filesystem;
using record::Json;
using record::RunReader;

namespace {

// Options of `hvlab boot` that change nothing simulated: with a value, and without.
constexpr const char* kLeftOut[] = {"--record", "--record-level", "--stats",   "--io-requests",
                                    "--exits",  "--guest-kernel", "--bios-log"};
constexpr const char* kFlagsLeftOut[] = {"--progress", "--live"};

bool is_one_of(std::span<const char* const> options, const std::string& word) {
  return std::ranges::any_of(options, [&](const char* option) { return word == option; });
}

[[noreturn]] void refuse(const RunReader& run, const std::string& why) {
  throw UserError("inspect: '" + run.title() + "' cannot be run again: " + why);
}

/// A scenario's empty disk went with the scenario; another one is as empty.
void replace_empty_disks(BootOptions& options, Parts& parts) {
  std::error_code error;
  for (board::DiskConfig& disk : options.machine.disks) {
    const auto bytes = empty_disk_bytes(disk.file);
    if (bytes && !fs::exists(disk.file, error)) disk.file = parts.empty_disk(*bytes);
  }
}

std::vector<std::string> files_of(const BootOptions& options) {
  std::vector<std::string> files = options.modules;
  if (!options.kernel.empty()) files.push_back(options.kernel);
  if (!options.bios.empty()) files.push_back(options.bios);
  for (const std::string& initrd : options.initrds) files.push_back(initrd.substr(0, initrd.find(' ')));
  for (const board::DiskConfig& disk : options.machine.disks) files.push_back(disk.file);
  if (options.machine.cdrom) files.push_back(options.machine.cdrom->file);
  return files;
}

/// What reached outside has no second time.
void check_outside(const RunReader& run, const BootOptions& options) {
  for (const board::NicConfig& nic : options.machine.nics)
    if (nic.backend == board::NetBackend::User) refuse(run, "it was connected with the host's network");
  for (const board::DiskConfig& disk : options.machine.disks)
    if (disk.persist) refuse(run, "it changed the image '" + disk.file + "' (persist)");
  if (options.reproducible || !run.run().contains("input")) return;
  const Json& input = run.run()["input"];
  if (input.value("characters", u64{0}) != 0) refuse(run, "somebody typed");
}

void check_files(const RunReader& run, const BootOptions& options) {
  std::error_code error;
  for (const std::string& file : files_of(options))
    if (!fs::is_regular_file(file, error)) refuse(run, "'" + file + "' is gone");
}

/// Compares what would be booted with resolved.json, the sizes of all files among it.
void check_resolved(const RunReader& run, const BootOptions& options) {
  Json before = Json::parse(run.content(record::kResolvedFile), nullptr, false);
  const Json now = resolved_boot(options);
  if (before.is_discarded() || !before.is_object()) refuse(run, "its resolved.json is damaged");
  for (const auto& [key, value] : now.items()) {
    if (key == "recording") continue;  // nothing simulated
    if (before.contains(key) && before[key] == value) continue;
    refuse(run, fmt::format("{} was {}, now it is {}", key,
                            before.contains(key) ? before[key].dump() : "not said", value.dump()));
  }
}

BootOptions boot_again(const RunReader& run, Parts& parts) {
  const Json& about = run.run();
  if (!about.contains("command") || !about["command"].is_array())
    refuse(run, "its run.json does not say how it was made");
  if (const std::string folder = about.value("folder", ""); !folder.empty()) {
    std::error_code error;
    fs::current_path(folder, error);
    if (error) refuse(run, "its folder '" + folder + "' is gone");
  }
  std::vector<std::string> words;
  for (const Json& word : about["command"]) words.push_back(word.is_string() ? word.get<std::string>() : "");
  std::optional<BootOptions> options = parse_boot_options(repeatable_words(words));
  if (!options) refuse(run, "its command only asked for help");
  replace_empty_disks(*options, parts);
  check_outside(run, *options);
  check_files(run, *options);
  if (options->kernel.empty()) add_firmware(options->bios, options->machine);
  check_resolved(run, *options);
  return std::move(*options);
}

}  // namespace

std::vector<std::string> repeatable_words(const std::vector<std::string>& words) {
  std::vector<std::string> kept;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string option = words[i].substr(0, words[i].find('='));
    if (is_one_of(kFlagsLeftOut, option)) continue;
    if (!is_one_of(kLeftOut, option)) {
      kept.push_back(words[i]);
    } else if (option.size() == words[i].size()) {
      ++i;  // its value
    }
  }
  return kept;
}

BootOptions recorded_boot(const RunReader& run, Parts& parts) {
  if (run.has_cells())
    throw UserError("inspect: '" + run.title() + "' has cells; give one of them, like " + run.title() + "/" +
                    run.cells().front().path().filename().string());
  try {
    return boot_again(run, parts);
  } catch (const Json::exception& error) {  // a member of another type
    refuse(run, std::string("its run.json is damaged: ") + error.what());
  }
}

}  // namespace hvlab::lab
