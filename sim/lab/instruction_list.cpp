#include "sim/lab/instruction_list.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/observe/exit.hpp"

namespace hvlab::lab {

using observe::Event;
using observe::EventKind;
using record::Json;

namespace {

/// Events that say no more than their neighbours do, or nothing to people.
bool is_told(EventKind kind) {
  return kind != EventKind::Probe && kind != EventKind::VmExitDetail && kind != EventKind::MarkDetail;
}

std::string event_text(const Event& event) {
  switch (event.kind) {
    case EventKind::VmExit: return observe::exit_label(event.a);
    case EventKind::Halt:
    case EventKind::Wake:
    case EventKind::Nmi: return "";
    case EventKind::Exception:
    case EventKind::PortRead:
    case EventKind::PortWrite:
    case EventKind::MmioRead:
    case EventKind::MmioWrite: return fmt::format("{:#x}, {:#x}", event.a, event.b);
    case EventKind::RingChange: return fmt::format("{} to {}", event.a, event.b);
    default: return fmt::format("{:#x}", event.a);
  }
}

}  // namespace

InstructionList::InstructionList(board::Machine& machine, MachineLook& look, const Wishes& wishes)
    : machine_(machine),
      look_(look),
      wishes_(wishes),
      last_(wishes.until == kNever ? ~u64{0} : machine.processors().frequency().cycle_at(wishes.until)),
      under_way_(machine.processors().count()) {}

void InstructionList::begin(std::function<void()> enough) {
  enough_ = std::move(enough);
  board::Processors& processors = machine_.processors();
  processors.watch_steps(processors.frequency().cycle_at(wishes_.at),
                         [this](size_t processor) { step(processor); });
}

void InstructionList::step(size_t processor) {
  if (is_enough_) return;
  const bool wanted = !wishes_.processor || *wishes_.processor == processor;
  if (wanted) close(processor);
  note_if_enough(processor);
  if (wanted && !is_enough_) open(processor);
}

void InstructionList::close(size_t processor) {
  std::optional<Instruction>& last = under_way_[processor];
  if (!last) return;
  Instruction one = std::move(*last);
  last.reset();
  const execute::Processor& p = machine_.processors().at(processor);
  one.cycles = p.cycles() - one.begin;
  one.retired = p.instructions() - one.retired;
  done_.push_back(std::move(one));
}

void InstructionList::open(size_t processor) {
  const execute::Processor& p = machine_.processors().at(processor);
  const cpu::Cpu& cpu = p.state();
  if (p.cycles() >= last_) return;
  Instruction one{.begin = p.cycles(),
                  .cycles = {},
                  .retired = p.instructions(),
                  .processor = processor,
                  .cpl = cpu.cpl,
                  .in_guest = cpu.guest != nullptr,
                  .account = observe::name(p.ledger().current()),
                  .rip = cpu.rip,
                  .code = {}};
  if (one.in_guest) {
    const observe::ExitTotals::Vcpu who = look_.vcpu_on(processor);
    one.vm = who.vm;
    one.vcpu = who.vcpu;
  }
  const auto symbol = [this](const cpu::Cpu& of, u64 address) { return look_.symbol(of, address); };
  one.code = inspect::code_around(cpu, 0, 1, symbol).front();
  under_way_[processor] = std::move(one);
}

/// Nothing that begins before the horizon can come any more: processors take turns, so that this is where the
/// slice in progress began, unless `processor` alone matters. (If another one alone does, it may be halted.)
void InstructionList::note_if_enough(size_t processor) {
  const board::Processors& processors = machine_.processors();
  const bool alone =
      wishes_.processor.value_or(processor) == processor && (wishes_.processor || processors.count() == 1);
  const u64 horizon = alone ? processors.at(processor).cycles() : processors.cycle();
  if (horizon == counted_at_) return;
  counted_at_ = horizon;
  const auto earlier = [&] {
    return static_cast<u64>(
        std::ranges::count_if(done_, [&](const Instruction& one) { return one.begin < horizon; }));
  };
  const bool many = done_.size() >= wishes_.most && earlier() >= wishes_.most;
  if (!many && horizon < last_) return;
  is_enough_ = true;
  enough_();
}

void InstructionList::before_idle(Picoseconds span) {
  if (is_enough_ || machine_.processors().time() + span < wishes_.until) return;
  idle_to_ = machine_.processors().time() + span;
  is_enough_ = true;
  enough_();
}

void InstructionList::on_event(const Event& event) {
  if (is_enough_ || !enough_ || event.time < wishes_.at) return;
  if (wishes_.processor && *wishes_.processor != event.core) return;
  std::optional<Instruction>& one = under_way_[event.core];
  const bool taken = event.kind == EventKind::Interrupt || event.kind == EventKind::Nmi;
  if (event.kind == EventKind::VmExit) exit_reason_ = event.a;
  // The detail follows its exit at once.
  const bool left =
      event.kind == EventKind::VmExitDetail && observe::comes_from_outside(exit_reason_, event.a);
  if (one && (taken || left)) one->interrupted = true;
  if (is_told(event.kind)) events_.push_back(event);
}

Json InstructionList::instruction_json(const Instruction& one) const {
  Json json = {{"time", machine_.processors().frequency().time_of(one.begin)},
               {"processor", one.processor},
               {"rip", inspect::hex(one.rip)},
               {"cpl", one.cpl},
               {"account", one.account},
               {"in_guest", one.in_guest}};
  if (one.vm != 0) json.update({{"vm", one.vm}, {"vcpu", one.vcpu}});
  json["cycles"] = one.cycles ? Json(*one.cycles) : Json();
  json["completed"] = one.retired != 0;
  if (one.interrupted) json["interrupted"] = true;
  json["bytes"] = fmt::format("{:02x}", fmt::join(one.code.bytes, " "));
  json["text"] = one.code.text;
  if (!one.code.symbol.empty()) json["symbol"] = one.code.symbol;
  if (!one.code.target.empty()) json["target"] = one.code.target;
  return json;
}

Json InstructionList::event_json(const Event& event) const {
  return {{"time", event.time},
          {"processor", event.core},
          {"kind", name(event.kind)},
          {"text", event_text(event)},
          {"a", inspect::hex(event.a)},
          {"b", inspect::hex(event.b)},
          {"rip", inspect::hex(event.rip)}};
}

/// Before which all are known, if none of `done_` has to be left out.
Picoseconds InstructionList::complete_until() const {
  const board::Processors& processors = machine_.processors();
  const u64 cycle = wishes_.processor         ? processors.at(*wishes_.processor).cycles()
                    : processors.count() == 1 ? processors.at(0).cycles()
                                              : processors.cycle();
  return std::min(wishes_.until, std::max(idle_to_, processors.frequency().time_of(cycle)));
}

Json InstructionList::document() {
  const board::Frequency frequency = machine_.processors().frequency();
  for (size_t i = 0; i < under_way_.size(); ++i) {  // executed, if its processor has gone on since
    const execute::Processor& p = machine_.processors().at(i);
    const std::optional<Instruction>& last = under_way_[i];
    if (!last || p.cycles() <= last->begin) continue;
    close(i);
    if (!p.runnable()) done_.back().cycles.reset();  // halted there, for how long is not known
  }
  std::ranges::stable_sort(done_, [](const Instruction& a, const Instruction& b) {
    return std::pair(a.begin, a.processor) < std::pair(b.begin, b.processor);
  });
  Picoseconds until = std::max(complete_until(), wishes_.at);
  if (done_.size() > wishes_.most) until = std::min(until, frequency.time_of(done_[wishes_.most].begin));
  Json json = {{"schema", "hvlab.instructions/1"},
               {"frequency_hz", frequency.hertz},
               {"processors", machine_.processors().count()},
               {"from", wishes_.at},
               {"until", until}};
  json["instructions"] = Json::array();
  for (const Instruction& one : done_)
    if (frequency.time_of(one.begin) < until) json["instructions"].push_back(instruction_json(one));
  std::ranges::stable_sort(events_, {}, &Event::time);
  json["events"] = Json::array();
  for (const Event& event : events_)
    if (event.time < until) json["events"].push_back(event_json(event));
  return json;
}

}  // namespace hvlab::lab
