#include "sim/lab/boot_command.hpp"

#include <atomic>
#include <csignal>
#include <ctime>
#include <fstream>
#include <iostream>
#include <memory>

#include "sim/base/user_error.hpp"
#include "sim/lab/boot_load.hpp"
#include "sim/lab/boot_options.hpp"
#include "sim/lab/exit_log.hpp"
#include "sim/lab/firmware.hpp"
#include "sim/lab/live_control.hpp"
#include "sim/lab/report.hpp"
#include "sim/lab/run_record.hpp"
#include "sim/lab/run_watch.hpp"
#include "sim/lab/terminal.hpp"

namespace hvlab::lab {

namespace {

// The machine that a signal stops; a signal handler can be told nothing else.
std::atomic<board::Machine*> g_running{nullptr};

void stop_running(int) {
  if (board::Machine* machine = g_running.load(); machine != nullptr) machine->request_stop();
}

// While it lives, Ctrl-C and SIGTERM end the run instead of the program; a second one ends the program.
class StopOnSignal {
 public:
  explicit StopOnSignal(board::Machine& machine) {
    g_running = &machine;
    struct sigaction action{};
    action.sa_handler = stop_running;
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    sigaction(SIGINT, &action, &interrupt_);
    sigaction(SIGTERM, &action, &terminate_);
    struct sigaction ignore{};
    ignore.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &ignore, &pipe_);
  }
  ~StopOnSignal() {
    sigaction(SIGINT, &interrupt_, nullptr);
    sigaction(SIGTERM, &terminate_, nullptr);
    sigaction(SIGPIPE, &pipe_, nullptr);
    g_running = nullptr;
  }
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;

 private:
  struct sigaction interrupt_{}, terminate_{}, pipe_{};
};

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

void show_progress(const board::Machine& machine, double started) {
  const double simulated = static_cast<double>(machine.processors().time()) / static_cast<double>(kSecond);
  const double millions = static_cast<double>(machine.processors().instructions()) / 1e6;
  const double elapsed = cpu_seconds() - started;
  std::fprintf(stderr, "\r\033[K%.2f s simulated, %.0f million instructions, %.0f million a second",
               simulated, millions, elapsed > 0 ? millions / elapsed : 0.0);
}

// Opened before the run, so that a run of minutes does not end in "cannot write".
std::ofstream open_output(const char* option, const std::string& file) {
  std::ofstream out;
  if (file.empty()) return out;
  out.open(file);
  if (!out) throw UserError(std::string(option) + " '" + file + "': cannot write there");
  return out;
}

board::RunEnd run(const BootOptions& options, board::Machine& machine, Terminal& terminal,
                  const LinuxWatch* guest, LiveControl* live) {
  const StopOnSignal stop(machine);
  const double started = cpu_seconds();
  if (live != nullptr) live->between_turns();
  machine.on_progress([&, shown = -1.0]() mutable {
    if (live != nullptr) live->between_turns();
    if (terminal.quit()) machine.request_stop();
    if (!options.progress || cpu_seconds() - shown < 0.2) return;
    show_progress(machine, started);
    shown = cpu_seconds();
  });
  machine.on_idle([&](Picoseconds span) {
    if (live != nullptr) live->before_idle(span);
    if (terminal.quit()) machine.request_stop();
    if (terminal.interactive()) terminal.wait(span);
  });
  const board::RunEnd end = machine.run({.time = options.max_time, .instructions = options.max_instructions});
  terminal.flush();
  if (options.progress) std::fputs("\r\033[K", stderr);
  if (end.why != board::End::PowerOff) std::cerr << describe_end(machine, end, guest);
  if (options.progress || end.why == board::End::Interrupted) {
    std::cerr << summary(machine.statistics(), cpu_seconds() - started);
  }
  return end;
}

// What run.json says of the socket while the run goes on.
record::Json live_about(const BootOptions& options, const std::optional<LiveServer>& server) {
  if (!server) return {};
  return {
      {"live", {{"protocol", "hvlab.live/1"}, {"socket", server->path()}, {"waits", options.live_waits}}}};
}

}  // namespace

int boot_command(const std::vector<std::string>& arguments) {
  std::optional<BootOptions> options = parse_boot_options(arguments);
  if (!options) return 0;
  std::ofstream statistics = open_output("--stats", options->stats_file);
  std::ofstream requests = open_output("--io-requests", options->io_requests_file);
  std::ofstream bios_log = open_output("--bios-log", options->bios_log_file);
  if (options->kernel.empty()) add_firmware(options->bios, options->machine);
  board::RunEnd end;
  {
    Terminal terminal(!options->reproducible);
    board::Machine machine(options->machine, &terminal);
    const std::string system = load_boot(machine, *options);
    std::unique_ptr<RunRecord> record;
    std::optional<LiveServer> live_server;
    if (options->live) live_server.emplace();
    if (!options->record.empty())
      record = std::make_unique<RunRecord>(*options, machine, live_about(*options, live_server));
    if (record && !requests.is_open() && !system.empty()) requests.open(record->requests_file());
    std::unique_ptr<RunWatch> watch;
    if (statistics.is_open() || requests.is_open() || record || bios_log.is_open() ||
        !options->exits_file.empty())
      watch = std::make_unique<RunWatch>(machine, system, &requests);
    if (record) {
      record->watch_guests(watch->exits());
      if (record->threads() != nullptr) watch->watch_threads(*record->threads());
      watch->forward_to(record.get());
    }
    std::optional<FirmwareLog> firmware_log;
    if (bios_log.is_open()) watch->log_firmware(&firmware_log.emplace(machine, bios_log));
    std::optional<ExitLog> exits;
    if (!options->exits_file.empty()) {
      exits.emplace(options->exits_file, watch->exits(), options->guest_kernel,
                    machine.processors().frequency().hertz);
      watch->log_exits(&*exits);
    }
    std::optional<LiveControl> live;
    if (live_server)
      live.emplace(*live_server, machine, *options, watch.get(), record->trace(), options->live_waits);
    if (live) live->at_stops([&requests] { requests.flush(); });  // whole lines: viewers read the file
    machine.observe_with(live ? static_cast<observe::Observer*>(&*live) : watch.get());
    const double started = cpu_seconds();
    end = run(*options, machine, terminal, watch ? watch->guest() : nullptr, live ? &*live : nullptr);
    if (live) live->finish(end);
    if (watch) watch->finish();
    if (exits) exits->finish();
    if (statistics.is_open()) write_statistics(statistics, machine, end, *watch);
    if (record && requests.is_open() && !requests.flush()) record->note_problem("requests: writing failed");
    if (record) {
      record->finish(end, *watch, cpu_seconds() - started,
                     {{"characters", terminal.typed()}, {"ended", terminal.input_ended()}});
    }
  }
  if (statistics.is_open() && !statistics.flush()) {
    throw UserError("--stats '" + options->stats_file + "': writing failed");
  }
  if (bios_log.is_open() && !bios_log.flush()) {
    throw UserError("--bios-log '" + options->bios_log_file + "': writing failed");
  }
  if (requests.is_open() && !requests.flush()) {
    throw UserError("--io-requests '" + options->io_requests_file + "': writing failed");
  }
  return status_of(end);
}

}  // namespace hvlab::lab
