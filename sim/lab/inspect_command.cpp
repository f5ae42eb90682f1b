#include "sim/lab/inspect_command.hpp"

#include <fmt/format.h>

#include <iostream>
#include <optional>

#include "sim/base/user_error.hpp"
#include "sim/lab/arguments.hpp"
#include "sim/lab/boot_load.hpp"
#include "sim/lab/cluster_trace.hpp"
#include "sim/lab/instruction_list.hpp"
#include "sim/lab/machine_look.hpp"
#include "sim/lab/numbers.hpp"
#include "sim/lab/recorded_boot.hpp"
#include "sim/lab/same_run.hpp"
#include "sim/record/record_text.hpp"

namespace hvlab::lab {

namespace {

namespace po = boost::program_options;
using record::Json;

po::options_description describe() {
  po::options_description options("Options", 110, 60);
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  // clang-format off
  options.add_options()
      ("at", text("TIME"), "the moment, in simulated time since power-on, like 1.25s, 800us or 123456ps; required")
      ("cpu", text("N"), "only this processor, at the first instruction it begins at that time or later")
      ("all-cpus", "with --cpu: the others, too, where they are then")
      ("address", text("A"), "walk the page tables of this linear address, on processors and in guests")
      ("instructions", text("N"), "instead: the N instructions that are executed from there on, on all processors, and what happens meanwhile; N at most 50000")
      ("until", text("TIME"), "with --instructions: only those that begin before")
      ("json", "as one JSON document")
      ("run", po::value<std::vector<std::string>>(), "the run")
      ("help", "show this");
  // clang-format on
  return options;
}

/// A console where nobody reads or types: as in the run that was recorded.
class SilentConsole final : public board::ConsoleHost {
 public:
  explicit SilentConsole(bool ended) : ended_(ended) {}
  void output(u8) override {}
  int input() override { return ended_ ? kEnd : kNothing; }

 private:
  bool ended_;
};

constexpr u64 kMostInstructions = 50'000;

struct Question {
  Picoseconds at = 0;
  std::optional<size_t> processor;  // at whose instruction it is looked
  MachineLook::Wishes wishes;
  std::optional<InstructionList::Wishes> instructions;
};

/// One machine's second life, up to the moment in question.
class Replay final : public observe::Observer {
 public:
  Replay(board::Machine& machine, const BootOptions& options, std::optional<SameRun>& same,
         const Question& question)
      : machine_(machine), look_(machine, options), same_(same), question_(question) {
    if (question.instructions) instructions_.emplace(machine, look_, *question.instructions);
  }

  void on_event(const observe::Event& event) override {
    look_.on_event(event);
    if (instructions_) instructions_->on_event(event);
    if (!same_ || document_) return;
    same_->on_event(event);
    if (!same_->difference().empty()) stop();
  }

  board::RunEnd run(const board::Processors::Limits& limits) {
    board::Processors& processors = machine_.processors();
    machine_.observe_with(this);
    if (instructions_) return run_listening(*instructions_, limits);
    processors.on_pause([this](size_t) { reached(); });
    machine_.on_idle([this](Picoseconds span) {
      if (machine_.processors().time() + span >= question_.at) reached();
    });
    processors.pause_at(question_.processor.value_or(0), processors.frequency().cycle_at(question_.at));
    return machine_.run(limits);
  }

  /// What was asked for; nothing if the run ended before.
  const std::optional<Json>& document() const { return document_; }

 private:
  board::RunEnd run_listening(InstructionList& list, const board::Processors::Limits& limits) {
    list.begin([this] { stop(); });
    machine_.on_idle([&list](Picoseconds span) { list.before_idle(span); });
    const board::RunEnd end = machine_.run(limits);
    if (list.has_begun() || machine_.processors().time() >= question_.at) document_ = list.document();
    return end;
  }
  void reached() {
    if (!document_) document_ = look_.document(question_.wishes);
    stop();
  }
  void stop() {
    machine_.request_stop();
    machine_.processors().stop();
  }

  board::Machine& machine_;
  MachineLook look_;
  std::optional<SameRun>& same_;
  Question question_;
  std::optional<InstructionList> instructions_;
  std::optional<Json> document_;
};

std::optional<SameRun> recorded_events(const record::RunReader& run) {
  if (!run.has(record::kTraceFile)) {
    std::cerr << "hvlab: note: '" << run.title()
              << "' has no trace, so that it cannot be checked that this is the same run\n";
    return std::nullopt;
  }
  return SameRun(run.trace());
}

bool input_ended(const record::RunReader& run, const BootOptions& options) {
  const Json input = run.run().value("input", Json::object());
  return options.reproducible || input.value("ended", Json(true)) != Json(false);
}

Json inspect_run(const record::RunReader& run, const Question& question) {
  Parts parts;
  const BootOptions options = recorded_boot(run, parts);
  std::optional<SameRun> same = recorded_events(run);
  if (question.processor && *question.processor >= options.machine.processors)
    throw UserError(fmt::format("--cpu {}: the machine has {}, counted from 0", *question.processor,
                                options.machine.processors));
  SilentConsole console(input_ended(run, options));
  board::Machine machine(options.machine, &console);
  load_boot(machine, options);
  Replay replay(machine, options, same, question);
  const board::RunEnd end = replay.run({.time = options.max_time, .instructions = options.max_instructions});
  if (same) same->end(question.at);
  if (same && !same->difference().empty())
    throw UserError("inspect: '" + run.title() + "' cannot be run again: " + same->difference());
  if (!replay.document())
    throw UserError(fmt::format("--at: the run ended before, at {} s ({})",
                                record::seconds_text(machine.processors().time()), name(end.why)));
  Json document = *replay.document();
  document["run"] = run.path().string();
  document["asked"] = question.at;
  document["compared_events"] = same ? Json(same->compared()) : Json();
  return document;
}

std::optional<InstructionList::Wishes> listing_of(const po::variables_map& values, const Question& question) {
  if (values.count("instructions") == 0) {
    if (values.count("until") != 0) throw UserError("inspect: --until goes with --instructions");
    return std::nullopt;
  }
  if (question.wishes.address) throw UserError("inspect: --address does not go with --instructions");
  InstructionList::Wishes wishes{.at = question.at, .processor = question.processor};
  wishes.most = parse_count("--instructions", values["instructions"].as<std::string>(), 1, kMostInstructions);
  if (values.count("until") != 0) wishes.until = parse_span("--until", values["until"].as<std::string>());
  if (wishes.until <= wishes.at) throw UserError("inspect: --until is not behind --at");
  return wishes;
}

Question question_of(const po::variables_map& values) {
  if (values.count("at") == 0) throw UserError("inspect: --at TIME is missing; see 'hvlab inspect --help'");
  Question question;
  const std::string at = values["at"].as<std::string>();
  if (at != "0" && at != "0s") question.at = parse_span("--at", at);  // 0: power-on
  if (values.count("cpu") != 0)
    question.processor = parse_count("--cpu", values["cpu"].as<std::string>(), 0, board::kMaxProcessors - 1);
  if (values.count("all-cpus") == 0) question.wishes.processor = question.processor;
  if (values.count("address") != 0)
    question.wishes.address = parse_count("--address", values["address"].as<std::string>(), 0, ~u64{0});
  question.instructions = listing_of(values, question);
  return question;
}

}  // namespace

int inspect_command(const std::vector<std::string>& arguments) {
  const po::options_description options = describe();
  const po::variables_map values = parse_arguments("inspect", arguments, options, "run");
  if (values.count("help") != 0) {
    std::cout << "usage: hvlab inspect RUN --at TIME [OPTION]...\n\nRuns a recorded run again, silently, up "
                 "to a moment, and prints the machine's state then: registers, code,\n"
                 "page walks, control blocks of virtual machines, interrupt controllers, devices, consoles; "
                 "or the\n"
                 "instructions that are executed from then on. "
                 "A RUN is a run\n"
                 "directory, a folder of them (the latest), or a NAME in runs/; of a run with cells one of "
                 "these. Nothing is\n"
                 "written into it.\n\n"
              << options
              << "\nExit status: 0, 2 for a mistake in the command line or a run that cannot be run again, 6 "
                 "if there is none.\n";
    return 0;
  }
  const std::vector<std::string> names = texts_of(values, "run");
  if (names.size() != 1) throw UserError("inspect: give one run; see 'hvlab inspect --help'");
  const Question question = question_of(values);
  const record::RunReader run(std::filesystem::absolute(record::find_run(names[0])).string());
  refuse_cluster("inspect", run);
  const Json document = inspect_run(run, question);
  if (values.count("json") != 0)
    std::cout << document.dump(question.instructions ? 0 : 2, ' ', false, Json::error_handler_t::replace)
              << '\n';
  else
    std::cout << (question.instructions ? instructions_text(document) : inspect::machine_text(document));
  return 0;
}

}  // namespace hvlab::lab
