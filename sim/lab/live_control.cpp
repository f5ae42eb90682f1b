#include "sim/lab/live_control.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/board/machine.hpp"

namespace hvlab::lab {

using observe::Event;
using observe::EventKind;

namespace {

using Clock = std::chrono::steady_clock;
// How often a pause without news looks whether the run is to end (Ctrl-C), and a slow run at its clock.
constexpr std::chrono::milliseconds kLook{100}, kBeat{20};

}  // namespace

LiveControl::LiveControl(LiveServer& server, board::Machine& machine, const BootOptions& options,
                         observe::Observer* next, const record::TraceWriter* trace, bool waits)
    : server_(server), machine_(machine), look_(machine, options), next_(next), trace_(trace) {
  machine_.processors().on_pause([this](size_t processor) { service(processor); });
  if (waits) stop_here("waiting for somebody to say go", std::nullopt);
}

LiveControl::~LiveControl() { machine_.processors().on_pause(nullptr); }

void LiveControl::on_event(const Event& event) {
  if (next_ != nullptr) next_->on_event(event);
  look_.on_event(event);
  if (step_.to == Step::To::Exit && !exit_ && event.kind == EventKind::VmExit) {
    const observe::ExitTotals::Vcpu who = look_.vcpu_on(event.core);
    if (step_.vm == 0 || (who.vm == step_.vm && who.vcpu == step_.vcpu)) exit_ = event;
  }
  if (exit_ || server_.wants_attention()) machine_.processors().pause_soon();
}

void LiveControl::stop_here(const std::string& why, std::optional<size_t> processor) {
  paused_ = true;
  attached_ = false;
  step_ = {};
  exit_.reset();
  why_ = why;
  where_ = processor;
  if (at_stops_) at_stops_();
  Json news = status();
  news["event"] = "paused";
  server_.tell(news);
}

bool LiveControl::reached(size_t processor) const {
  switch (step_.to) {
    case Step::To::Nothing: return false;
    case Step::To::Exit: return exit_.has_value();
    case Step::To::Instruction:
      return processor == step_.processor && machine_.processors().at(processor).cycles() > step_.cycle;
    case Step::To::Time:
      return machine_.processors().time() >= step_.time ||
             machine_.processors().at(0).cycles() >= machine_.processors().frequency().cycle_at(step_.time);
  }
  return false;
}

/// At a pause that was asked of the processors, or between turns.
void LiveControl::service(std::optional<size_t> processor) {
  current_ = processor;
  if (processor && reached(*processor)) {
    const std::string why = exit_ ? fmt::format("exit {}", observe::exit_label(exit_->a))
                            : step_.to == Step::To::Time ? "the time asked for"
                                                         : "one instruction";
    stop_here(why, processor);
  }
  handle_all();
  while (paused_ && !machine_.stop_requested()) {
    if (server_.clients() != 0) attached_ = true;
    if (attached_ && server_.clients() == 0) go();  // nobody is left who could say go
    if (!paused_) break;
    server_.wait(Clock::now() + kLook);
    handle_all();
  }
  keep_pace(machine_.processors().time());
  arm();
}

void LiveControl::handle_all() {
  if (!server_.wants_attention()) return;
  for (const LiveServer::Request& request : server_.take()) {
    if (!request.left) server_.send(request.client, answer_to(*this, request.body));
    attached_ = true;  // also if it has gone since
  }
}

/// Waits until the host's clock has come to where `time` may be, or somebody wants something.
void LiveControl::keep_pace(Picoseconds time) {
  if (speed_ == 0 || paused_) return;
  const double ahead = static_cast<double>(time - pace_time_) / static_cast<double>(kSecond) / speed_;
  const auto until = pace_host_ + std::chrono::duration_cast<Clock::duration>(
                                      std::chrono::duration<double>(std::min(ahead, 1e6)));
  while (Clock::now() < until && !server_.wants_attention() && !machine_.stop_requested())
    server_.wait(std::min(until, Clock::now() + kLook));
}

/// Asks for the next pause. Not for one at once, even if something has come meanwhile: whoever asks without
/// end would keep the machine from executing anything.
void LiveControl::arm() {
  board::Processors& processors = machine_.processors();
  if (step_.to == Step::To::Instruction)
    return processors.pause_at(step_.processor, processors.at(step_.processor).cycles() + 1);
  if (step_.to == Step::To::Time) return processors.pause_at(0, processors.frequency().cycle_at(step_.time));
  if (speed_ == 0) return;
  const double beat = speed_ * std::chrono::duration<double>(kBeat).count() *
                      static_cast<double>(processors.frequency().hertz);
  processors.pause_at(0, processors.at(0).cycles() + static_cast<u64>(std::clamp(beat, 1.0, 1e15)));
}

void LiveControl::between_turns() {
  if (paused_ || server_.wants_attention()) service(std::nullopt);
}

void LiveControl::before_idle(Picoseconds span) {
  between_turns();
  const Picoseconds then = machine_.processors().time() + span;
  if (step_.to == Step::To::Time && step_.time <= then) {
    stop_here("the time asked for", std::nullopt);
    return service(std::nullopt);
  }
  keep_pace(then);
  between_turns();
}

void LiveControl::finish(const board::RunEnd& end) {
  server_.tell({{"event", "ended"}, {"time", machine_.processors().time()}, {"end", name(end.why)}});
}

std::string LiveControl::pause() {
  if (!paused_) stop_here("asked for", current_);
  return "";
}

std::string LiveControl::go() {
  if (!paused_) return "";
  paused_ = false;
  why_.clear();
  where_.reset();
  pace_host_ = Clock::now();
  pace_time_ = machine_.processors().time();
  server_.tell({{"event", "running"}, {"time", pace_time_}});
  return "";
}

std::string LiveControl::step(const Json& request) {
  if (!paused_) return "the run is not paused";
  const std::string to = request.value("to", "exit");
  Step step;
  if (to == "exit") {
    step = {.to = Step::To::Exit,
            .vm = static_cast<unsigned>(whole_number(request, "vm", 0)),
            .vcpu = static_cast<unsigned>(whole_number(request, "vcpu", 0))};
  } else if (to == "instruction") {
    step = {.to = Step::To::Instruction, .processor = whole_number(request, "processor", 0)};
    if (step.processor >= machine_.processors().count()) return "there is no such processor";
    step.cycle = machine_.processors().at(step.processor).cycles();
  } else if (to == "time") {
    step = {.to = Step::To::Time, .time = whole_number(request, "time", 0)};
    if (step.time <= machine_.processors().time()) return "that time is over";
  } else {
    return "'to' is exit, instruction or time";
  }
  go();
  step_ = step;
  return "";
}

std::string LiveControl::set_speed(const Json& request) {
  const double speed =
      request.contains("speed") && request["speed"].is_number() ? request["speed"].get<double>() : 0;
  if (!(speed >= 0) || speed > 1e6)
    return "'speed' is simulated seconds per second, from 0 (as fast as it can) to 1e6";
  speed_ = speed;
  pace_host_ = Clock::now();
  pace_time_ = machine_.processors().time();
  return "";
}

}  // namespace hvlab::lab
