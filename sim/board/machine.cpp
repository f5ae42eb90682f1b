#include "sim/board/machine.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <optional>
#include <systemc>
#include <thread>

#include "sim/base/check.hpp"
#include "sim/board/pc.hpp"

namespace hvlab::board {

namespace {

constexpr std::array<const char*, 10> kEndNames = {"power-off",         "debug-exit", "reset", "triple-fault",
                                                   "vmx-abort",         "host-state", "hang",  "time-limit",
                                                   "instruction-limit", "interrupted"};
// advance() is called this often between two looks at the host.
constexpr unsigned kProgressSlices = 256;
constexpr Picoseconds kLongestNap = kSecond;
constexpr size_t kThreadStack = size_t{4} << 20;

}  // namespace

const char* name(End end) { return kEndNames[static_cast<size_t>(end)]; }

// The machine's thread of simulation: lets the processors take turns, then lets SystemC's time follow theirs.
struct Machine::Impl final : sc_core::sc_module {
  SC_HAS_PROCESS(Impl);
  Impl(sc_core::sc_module_name module_name, const MachineConfig& machine_config, ConsoleHost* console)
      : sc_module(module_name),
        profile(timing::load_profile(machine_config.profile, machine_config.accuracy, machine_config.costs)),
        ram(machine_config.memory),
        processors({profile.frequency_hz}, machine_config.slice, machine_config.processors),
        recorder(processors),
        pc(machine_config,
           {profile, ram, processors, recorder, console, [this](End why, u32 value) { end(why, value); }}) {
    SC_THREAD(thread);
    set_stack_size(kThreadStack);
  }

  void thread();
  void look_outside();
  void end(End why, u32 value);
  RunEnd run(const Processors::Limits& run_limits);

  timing::Profile profile;
  Ram ram;
  Processors processors;
  Recorder recorder;
  Pc pc;
  Processors::Limits limits;
  std::optional<RunEnd> ended;
  std::atomic<bool> stop_requested{false};
  std::function<void()> progress;
  std::function<void(Picoseconds)> idle;
  unsigned slices = 0;
};

// What a device reports, from inside an access or an event: the first end counts.
void Machine::Impl::end(End why, u32 value) {
  if (!ended) ended = RunEnd{why, value, static_cast<unsigned>(processors.running())};
  processors.stop();
}

void Machine::Impl::look_outside() {
  if (stop_requested.exchange(false)) end(End::Interrupted, 0);
  const bool now_and_then = ++slices % kProgressSlices == 0;
  if (now_and_then && progress) progress();
  const Picoseconds span = processors.idle_span();
  if (span == 0) {
    if (now_and_then) pc.look_outside();
    return;
  }
  if (idle) idle(span);
  // Others answer in their own time: a guest that waits for them must not see its time-outs pass at once.
  if (pc.look_outside())
    std::this_thread::sleep_for(std::chrono::nanoseconds(std::min(span, kLongestNap) / 1000));
}

void Machine::Impl::thread() {
  while (true) {
    look_outside();
    const Halt halt = processors.advance(limits);
    switch (halt) {
      case Halt::None:
      case Halt::Stopped: break;
      case Halt::TimeLimit: end(End::TimeLimit, 0); break;
      case Halt::InstructionLimit: end(End::InstructionLimit, 0); break;
      case Halt::TripleFault: end(End::TripleFault, 0); break;
      case Halt::HostRefused: end(End::HostRefused, 0); break;
      case Halt::VmxAbort: end(End::VmxAbort, processors.at(processors.running()).vmx_abort()); break;
      case Halt::Hang: end(End::Hang, 0); break;
    }
    const Picoseconds behind = processors.time() - sc_core::sc_time_stamp().value();
    if (behind != 0) wait(sc_core::sc_time::from_value(behind));
    if (ended) {
      sc_core::sc_pause();
      wait(sc_core::SC_ZERO_TIME);
    }
  }
}

RunEnd Machine::Impl::run(const Processors::Limits& run_limits) {
  limits = run_limits;
  ended.reset();
  processors.resume();
  while (!ended) sc_core::sc_start();
  pc.finish();
  return *ended;
}

Machine::Machine(const MachineConfig& config, ConsoleHost* console) {
  HVLAB_CHECK(config.processors >= 1 && config.processors <= kMaxProcessors);
  // SystemC's remarks about its own stopping and pausing are no news to anybody.
  sc_core::sc_report_handler::set_actions(sc_core::SC_INFO, sc_core::SC_DO_NOTHING);
  sc_core::sc_set_time_resolution(1, sc_core::SC_PS);
  impl_ = std::make_unique<Impl>("machine", config, console);
}

Machine::~Machine() = default;

Ram& Machine::ram() { return impl_->ram; }
const Ram& Machine::ram() const { return impl_->ram; }
Processors& Machine::processors() { return impl_->processors; }
const Processors& Machine::processors() const { return impl_->processors; }
const timing::Profile& Machine::profile() const { return impl_->profile; }
void Machine::observe_with(observe::Observer* observer) { impl_->recorder.forward_to(observer); }
void Machine::watch_ledgers(observe::LedgerWatcher* watcher) {
  for (size_t i = 0; i < impl_->processors.count(); ++i)
    impl_->processors.at(i).state().ledger->watch(watcher, static_cast<unsigned>(i));
}
void Machine::on_progress(std::function<void()> progress) { impl_->progress = std::move(progress); }
void Machine::on_idle(std::function<void(Picoseconds)> idle) { impl_->idle = std::move(idle); }
RunEnd Machine::run(const Processors::Limits& limits) { return impl_->run(limits); }
void Machine::request_stop() { impl_->stop_requested = true; }
bool Machine::stop_requested() const { return impl_->stop_requested; }

InterruptControllers Machine::interrupt_controllers() const { return impl_->pc.interrupt_controllers(); }

MachineDevices Machine::devices() const { return impl_->pc.machine_devices(); }

Statistics Machine::statistics() const {
  const Processors& processors = impl_->processors;
  Statistics result;
  result.instructions = processors.instructions();
  result.cycles = processors.cycles();
  u64 last = processors.cycle();
  for (size_t i = 0; i < processors.count(); ++i) {
    const execute::Processor& processor = processors.at(i);
    last = std::max(last, processor.cycles());
    u64 charged = 0;
    for (size_t account = 0; account < observe::kAccounts; ++account) {
      const u64 cycles = processor.ledger().total(static_cast<observe::Account>(account), processor.cycles());
      result.ledger[account] += cycles;
      charged += cycles;
    }
    HVLAB_CHECK(charged == processor.cycles());  // every cycle is in one account
  }
  result.time = processors.frequency().time_of(last);
  result.events = impl_->recorder.counts();
  const auto& devices = impl_->pc.devices().all();
  result.devices.assign(devices.begin(), devices.end());
  return result;
}

}  // namespace hvlab::board
