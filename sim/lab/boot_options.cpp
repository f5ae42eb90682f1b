#include "sim/lab/boot_options.hpp"

#include <boost/program_options.hpp>
#include <iostream>
#include <sstream>

#include "sim/base/user_error.hpp"
#include "sim/board/ram.hpp"
#include "sim/lab/exit_status.hpp"
#include "sim/lab/numbers.hpp"

namespace hvlab::lab {

namespace {

namespace po = boost::program_options;
using Values = po::variables_map;

po::options_description describe() {
  po::options_description options("Options", 110, 60);
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  const auto texts = [](const char* name) { return po::value<std::vector<std::string>>()->value_name(name); };
  // clang-format off
  options.add_options()
      ("kernel", text("FILE"),
       "Linux bzImage or vmlinux, or a multiboot ELF image; without one the machine starts in its firmware")
      ("initrd", texts("FILE"),
       "initial RAM disk; may be repeated; for multiboot each is a module, 'FILE arguments'")
      ("module", texts("FILE"), "a further module of a PVH kernel, behind the initrd; may be repeated")
      ("append", text("TEXT"), "the kernel's command line")
      ("loader", text("NAME"), "auto (default), bzimage, pvh or multiboot")
      ("cpus", text("N"), "processors, 1 to 8 (default 1)")
      ("memory", text("SIZE"), "RAM, 4M to 16G (default 512M); a number without a unit is in MiB")
      ("cpu", text("PROFILE"),
       "processor profile (default amd-zen2; 'hvlab list processors'); NAME-novirt: without virtualization; "
       "NAME,-FEATURE: without a feature")
      ("cost", texts("NAME=VALUE"), "a figure other than the profile's, like vm_exit=1000; may be repeated")
      ("timing", text("LEVEL"),
       "approximate (default: the profile's costs) or functional (one cycle an instruction)")
      ("disk", texts("FILE[,profile=NAME][,if=virtio|ide][,persist]"),
       "a raw disk image; may be repeated; writes are dropped at the end unless 'persist' is given")
      ("cdrom", text("FILE[,profile=NAME]"), "a CD or DVD image (ISO), in a drive on the second IDE channel")
      ("boot", text("WHAT"), "without --kernel, what is tried first: cdrom (default) or disk")
      ("bios", text("FILE"), "without --kernel, other firmware than Debian's SeaBIOS: a ROM image")
      ("bios-log", text("FILE"), "write there what firmware says on its debug port")
      ("nic", text("MODEL"), "network card: virtio (default) or e1000")
      ("net", text("WHAT"),
       "none (default), peer (a simulated partner) or user (the host's network; not reproducible)")
      ("link", text("PROFILE"), "link profile of the network card (default ethernet-1g)")
      ("reproducible", "refuse whatever would make two runs differ; standard input is not read")
      ("debug-exit", "a guest's write of v to port 0xf4 ends the run with status (v << 1) | 1")
      ("max-time", text("TIME"), "stop after this simulated time, like 10s or 500ms")
      ("max-instructions", text("N"), "stop after this many instructions of all processors")
      ("stats", text("FILE"), "write statistics there as JSON")
      ("record", text("NAME|DIR/"), "leave a run directory: runs/NAME/STAMP, or DIR if it has a slash in it")
      ("record-level", text("LEVEL"),
       "what its trace holds: summary (default: states, exits, requests), full (every event) or off (no trace)")
      ("live", po::value<std::string>()->value_name("wait")->implicit_value(""),
       "with --record: let a viewer attach to the run (docs/live.md); --live=wait: begin when it says so")
      ("io-requests", text("FILE"),
       "write each request to a disk and each frame there, hop by hop: a line of JSON each (docs/io-path.md)")
      ("exits", text("FILE"), "write each exit of each virtual machine there, as comma-separated values")
      ("guest-kernel", text("FILE"), "the Linux that virtual machines boot, for names in --exits")
      ("slice", text("CYCLES"), "cycles a processor runs before the next one's turn (default 10000)")
      ("code-cache", text("SIZE"), "decoded code that is kept (default 96M); changes speed, never a result")
      ("seed", text("N"), "seed of every random number the guest can see (default 1)")
      ("rtc", text("DATE"), "where the real-time clock starts, in UTC (default 2024-01-01T00:00:00)")
      ("progress", "show simulated time and speed on standard error")
      ("help", "show this");
  // clang-format on
  return options;
}

Values parse(const std::vector<std::string>& arguments, const po::options_description& options) {
  namespace style = po::command_line_style;
  Values values;
  try {
    // No guessing: an abbreviation that is unique today would mean something else with the next option.
    const auto parsed = po::command_line_parser(arguments)
                            .options(options)
                            .positional({})
                            .style(style::unix_style & ~style::allow_guessing)
                            .run();
    po::store(parsed, values);
    po::notify(values);
  } catch (const po::error& error) {
    throw UserError(std::string("boot: ") + error.what() + "; see 'hvlab boot --help'");
  }
  return values;
}

std::string text_of(const Values& values, const char* option, const char* otherwise) {
  return values.count(option) != 0 ? values[option].as<std::string>() : otherwise;
}

std::vector<std::string> texts_of(const Values& values, const char* option) {
  return values.count(option) != 0 ? values[option].as<std::vector<std::string>>()
                                   : std::vector<std::string>{};
}

template <class T>
T choose(const char* option, const std::string& text,
         std::initializer_list<std::pair<const char*, T>> choices) {
  std::string names;
  for (const auto& [name, value] : choices) {
    if (text == name) return value;
    names += (names.empty() ? "" : ", ") + std::string(name);
  }
  throw UserError(std::string(option) + " '" + text + "': give one of " + names);
}

board::DiskConfig parse_disk(const std::string& text) {
  board::DiskConfig disk;
  std::istringstream parts(text);
  std::getline(parts, disk.file, ',');
  if (disk.file.empty()) throw UserError("--disk '" + text + "': give the image's file first");
  for (std::string part; std::getline(parts, part, ',');) {
    if (part == "persist") {
      disk.persist = true;
    } else if (part.starts_with("profile=")) {
      disk.profile = part.substr(8);
    } else if (part.starts_with("if=")) {
      disk.interface = choose<board::DiskInterface>(
          "--disk if", part.substr(3),
          {{"virtio", board::DiskInterface::Virtio}, {"ide", board::DiskInterface::Ide}});
    } else {
      throw UserError("--disk '" + text + "': '" + part + "' is not profile=NAME, if=virtio|ide or persist");
    }
  }
  return disk;
}

board::CdromConfig parse_cdrom(const std::string& text) {
  constexpr std::string_view kProfile = "profile=";
  const size_t comma = std::min(text.find(','), text.size());
  board::CdromConfig cdrom;
  cdrom.file = text.substr(0, comma);
  if (cdrom.file.empty()) throw UserError("--cdrom '" + text + "': give the image's file first");
  if (comma == text.size()) return cdrom;
  const std::string rest = text.substr(comma + 1);
  if (!rest.starts_with(kProfile))
    throw UserError("--cdrom '" + text + "': '" + rest + "' is not profile=NAME");
  cdrom.profile = rest.substr(kProfile.size());
  return cdrom;
}

void read_devices(const Values& values, board::MachineConfig& machine) {
  if (values.count("cdrom") != 0) machine.cdrom = parse_cdrom(text_of(values, "cdrom", ""));
  size_t ide = machine.cdrom ? 1 : 0;
  for (const std::string& text : texts_of(values, "disk")) {
    machine.disks.push_back(parse_disk(text));
    if (machine.disks.back().interface == board::DiskInterface::Ide) ++ide;
  }
  if (machine.disks.size() > board::kMaxDisks) throw UserError("--disk: at most 8 disks fit");
  if (ide > board::kMaxIdeDisks)
    throw UserError("--disk: at most 4 IDE drives fit, a CD drive being one; use if=virtio for more");

  board::NicConfig nic;
  const bool plugged = values.count("net") != 0;
  nic.backend = choose<board::NetBackend>("--net", text_of(values, "net", "none"),
                                          {{"none", board::NetBackend::None},
                                           {"peer", board::NetBackend::Peer},
                                           {"user", board::NetBackend::User}});
  nic.model =
      choose<board::NicModel>("--nic", text_of(values, "nic", "virtio"),
                              {{"virtio", board::NicModel::Virtio}, {"e1000", board::NicModel::E1000}});
  nic.link_profile = text_of(values, "link", nic.link_profile.c_str());
  const bool wanted = nic.backend != board::NetBackend::None || values.count("nic") != 0;
  if (values.count("link") != 0 && !plugged) throw UserError("--link needs --net peer or --net user");
  if (wanted) machine.nics.push_back(nic);
}

void read_costs(const Values& values, board::MachineConfig& machine) {
  for (const std::string& text : texts_of(values, "cost")) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos) throw UserError("--cost '" + text + "': give NAME=VALUE");
    machine.costs.emplace_back(text.substr(0, equals),
                               parse_count("--cost", text.substr(equals + 1), 0, ~u64{0}));
  }
}

void read_machine(const Values& values, board::MachineConfig& machine) {
  read_costs(values, machine);
  machine.profile = text_of(values, "cpu", machine.profile.c_str());
  machine.accuracy = choose<timing::Accuracy>(
      "--timing", text_of(values, "timing", "approximate"),
      {{"functional", timing::Accuracy::Functional}, {"approximate", timing::Accuracy::Approximate}});
  machine.processors =
      static_cast<unsigned>(parse_count("--cpus", text_of(values, "cpus", "1"), 1, board::kMaxProcessors));
  constexpr u64 kMiB = u64{1} << 20;
  const std::string memory = text_of(values, "memory", "512M");
  machine.memory = parse_size("--memory", memory, 4 * kMiB, board::Ram::kMaximum);
  if (machine.memory % kMiB != 0) throw UserError("--memory '" + memory + "': give a multiple of 1M");
  machine.debug_exit = values.count("debug-exit") != 0;
  machine.slice = parse_count("--slice", text_of(values, "slice", "10000"), 1, 1'000'000'000);
  machine.code_cache = parse_size("--code-cache", text_of(values, "code-cache", "96M"), kMiB, 4096 * kMiB);
  machine.seed = parse_count("--seed", text_of(values, "seed", "1"), 0, ~u64{0});
  if (values.count("rtc") != 0) machine.rtc_start = parse_date("--rtc", text_of(values, "rtc", ""));
  read_devices(values, machine);
}

/// What belongs to a kernel, and what to firmware.
void read_firmware(const Values& values, BootOptions& options) {
  const bool kernel = !options.kernel.empty();
  options.bios = text_of(values, "bios", "");
  options.bios_log_file = text_of(values, "bios-log", "");
  const std::string first = text_of(values, "boot", "cdrom");
  options.machine.firmware.disks_first = choose<bool>("--boot", first, {{"cdrom", false}, {"disk", true}});
  if (!kernel && values.count("bios") == 0 && options.machine.disks.empty() && !options.machine.cdrom)
    throw UserError("boot: what? Give --kernel FILE, --cdrom FILE or --disk FILE; see 'hvlab boot --help'");
  for (const char* option : {"boot", "bios", "bios-log"}) {
    if (kernel && values.count(option) != 0)
      throw UserError(std::string("--") + option + " is about firmware, which --kernel does without");
  }
  for (const char* option : {"initrd", "module", "append", "loader"}) {
    if (!kernel && values.count(option) != 0) throw UserError(std::string("--") + option + " needs --kernel");
  }
}

}  // namespace

std::optional<BootOptions> parse_boot_options(const std::vector<std::string>& arguments) {
  const po::options_description described = describe();
  const Values values = parse(arguments, described);
  if (values.count("help") != 0) {
    std::cout << "usage: hvlab boot --kernel FILE [OPTION]...\n"
                 "       hvlab boot --cdrom FILE | --disk FILE [OPTION]...\n\n"
                 "Boots a kernel on a simulated PC; or switches the PC on, and its firmware boots from a CD "
                 "or a disk.\n"
                 "The PC's first serial port is standard input and output;\n"
                 "on a terminal Ctrl-A X ends the run (Ctrl-A Ctrl-A sends Ctrl-A).\n\n"
              << described << '\n'
              << exit_status::kHelp;
    return std::nullopt;
  }
  BootOptions options;
  options.kernel = text_of(values, "kernel", "");
  options.initrds = texts_of(values, "initrd");
  options.modules = texts_of(values, "module");
  options.append = text_of(values, "append", "");
  options.exits_file = text_of(values, "exits", "");
  options.guest_kernel = text_of(values, "guest-kernel", "");
  if (!options.guest_kernel.empty() && options.exits_file.empty())
    throw UserError("--guest-kernel names functions in --exits FILE, which is missing");
  options.loader = text_of(values, "loader", "auto");
  choose<int>("--loader", options.loader, {{"auto", 0}, {"bzimage", 1}, {"pvh", 2}, {"multiboot", 3}});
  read_machine(values, options.machine);
  read_firmware(values, options);
  options.reproducible = values.count("reproducible") != 0;
  options.progress = values.count("progress") != 0;
  if (values.count("max-time") != 0)
    options.max_time = parse_span("--max-time", text_of(values, "max-time", ""));
  if (values.count("max-instructions") != 0) {
    options.max_instructions =
        parse_count("--max-instructions", text_of(values, "max-instructions", ""), 1, ~u64{0});
  }
  options.stats_file = text_of(values, "stats", "");
  options.record = text_of(values, "record", "");
  options.live = values.count("live") != 0;
  options.live_waits = choose<bool>("--live", text_of(values, "live", ""), {{"", false}, {"wait", true}});
  if (options.live && options.record.empty())
    throw UserError("--live needs --record, which says where the socket is");
  if (values.count("record") != 0 && options.record.empty()) throw UserError("--record '': give a name");
  if (values.count("record-level") != 0 && options.record.empty())
    throw UserError("--record-level needs --record");
  options.record_level =
      choose<record::RecordLevel>("--record-level", text_of(values, "record-level", "summary"),
                                  {{"off", record::RecordLevel::Off},
                                   {"summary", record::RecordLevel::Summary},
                                   {"full", record::RecordLevel::Full}});
  options.arguments = arguments;
  options.io_requests_file = text_of(values, "io-requests", "");
  for (const board::NicConfig& nic : options.machine.nics) {
    if (options.reproducible && nic.backend == board::NetBackend::User) {
      throw UserError(
          "--net user reaches the host's network, so it cannot be --reproducible; use --net peer");
    }
  }
  return options;
}

std::vector<std::string> files_beside(const BootOptions& options) {
  std::vector<std::string> files = options.initrds;
  files.insert(files.end(), options.modules.begin(), options.modules.end());
  return files;
}

}  // namespace hvlab::lab
