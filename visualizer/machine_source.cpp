// Where the machine's documents come from, and which are kept.
#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include "visualizer/machine_parts.hpp"

namespace hvlab::visualizer {

namespace {

using Document = std::shared_ptr<const views::MachineDocument>;

constexpr double kRest = 0.25;         // seconds that the cursor has to stand before a run is run again
constexpr size_t kKeptDocuments = 48;  // some hundred KB each

struct Wanted {
  Picoseconds at = 0;
  std::string processor;  // at whose instruction; empty: the first's
  std::string address;
  bool operator==(const Wanted&) const = default;
};

struct KeptDocument {
  Wanted of;
  Document document;
};

/// What is kept of a run's machine.
struct KeptMachine {
  std::deque<KeptDocument> documents;  // the latest that was looked at first
  u64 live_number = 0;                 // of the live document that was parsed last
  Document live;
  Wanted live_of;

  Wanted wanted;
  double since = 0;        // when it began to be wanted
  bool cancelled = false;  // `wanted` is not to be asked for

  Document shown, compared;                      // what `marked` was made of
  Wanted shown_of;                               // the moment
  std::optional<views::MachineDocument> marked;  // that is drawn
};

std::vector<std::string> question_of(const views::OpenRun& run, const Wanted& wanted) {
  std::vector<std::string> words = {"inspect", run.reader().path().string(), "--at",
                                    wanted.at == 0 ? "0" : std::to_string(wanted.at) + "ps", "--json"};
  if (!wanted.processor.empty()) words.insert(words.end(), {"--cpu", wanted.processor, "--all-cpus"});
  if (!wanted.address.empty()) words.insert(words.end(), {"--address", wanted.address});
  return words;
}

Document kept_document(KeptMachine& kept, const Wanted& wanted) {
  const auto found = std::ranges::find(kept.documents, wanted, &KeptDocument::of);
  if (found == kept.documents.end()) return nullptr;
  std::rotate(kept.documents.begin(), found, found + 1);
  return kept.documents.front().document;
}

/// Any of that moment and processor: what was walked does not matter.
Document kept_document(const KeptMachine& kept, Picoseconds at, const std::string& processor) {
  const auto found = std::ranges::find_if(kept.documents, [&](const KeptDocument& one) {
    return one.of.at == at && one.of.processor == processor;
  });
  return found == kept.documents.end() ? nullptr : found->document;
}

Document keep(KeptMachine& kept, const Wanted& wanted, const record::Json& json) {
  auto document = std::make_shared<const views::MachineDocument>(views::machine_document(json));
  kept.documents.push_front({wanted, document});
  if (kept.documents.size() > kKeptDocuments) kept.documents.pop_back();
  return document;
}

/// The processor that the question is about: that of option machine.processor if it is one of the machine's.
std::string asked_processor(const Frame& frame) {
  const std::string chosen = frame.state.option("machine.processor");
  const auto number = number_in(chosen);
  return number && *number != 0 ? chosen : "";
}

// The answer is dropped once it is parsed: as text and JSON it is many times as large.
Document from_program(Frame& frame, const views::OpenRun& run, KeptMachine& kept, const Wanted& wanted,
                      MachineSource& source) {
  const std::vector<std::string> question = question_of(run, wanted);
  const Answer& answer = frame.ask.ask(question);
  if (answer.state == Answer::State::Waiting) {
    source.busy = true;
    frame.loading = true;
    return nullptr;
  }
  if (answer.state == Answer::State::Failed) {
    source.problem = answer.error;
    return nullptr;
  }
  const Document document = keep(kept, wanted, answer.document);
  frame.ask.forget(question);
  return document;
}

/// Whether the cursor has stood long enough for `wanted` to be asked for.
bool at_rest(Frame& frame, const views::OpenRun& run, KeptMachine& kept, const Wanted& wanted) {
  if (kept.wanted != wanted) {
    frame.ask.forget(question_of(run, kept.wanted));
    kept.wanted = wanted;
    kept.since = frame.seconds;
    kept.cancelled = false;
  }
  if (kept.cancelled) return false;
  if (frame.still || kept.shown == nullptr || frame.seconds - kept.since >= kRest) return true;
  frame.again = true;
  return false;
}

/// Of a live run that is paused where the cursor is. Nothing if it is not.
std::optional<Document> from_live(Frame& frame, const views::OpenRun& run, KeptMachine& kept,
                                  const Wanted& wanted, MachineSource& source) {
  LiveRun* live = frame.live.of(run);
  if (live == nullptr || !live->status() || !live->status()->paused) return std::nullopt;
  if (live->status()->here() != wanted.at) return std::nullopt;
  source.live = true;
  const LiveState state = frame.live.state(run, wanted.address);
  source.busy = state.busy;
  source.problem = state.problem;
  frame.again |= state.busy;
  if (state.document == nullptr || state.busy) return nullptr;
  if (kept.live_number != state.number) {
    kept.live_number = state.number;
    kept.live_of = wanted;
    kept.live = keep(kept, wanted, *state.document);
  }
  return kept.live;
}

/// The document that changes are counted from; null: none, or none yet.
Document before(Frame& frame, const views::OpenRun& run, KeptMachine& kept, const Wanted& now) {
  const std::string option = frame.state.option("machine.before");
  if (option.empty() || frame.state.number("machine.before") == run.shared(now.at)) return nullptr;
  const Wanted wanted{run.own(frame.state.number("machine.before")), now.processor, ""};
  if (Document found = kept_document(kept, wanted.at, wanted.processor)) return found;
  if (run.live()) return nullptr;  // it was looked at as it went by, or was not
  MachineSource ignored;
  return from_program(frame, run, kept, wanted, ignored);
}

void show(Frame& frame, const views::OpenRun& run, KeptMachine& kept, const Wanted& wanted,
          const Document& document) {
  if (kept.shown && kept.shown_of.at != wanted.at)
    frame.state.set_number("machine.before", run.shared(kept.shown_of.at));
  const Document old = before(frame, run, kept, wanted);
  if (kept.marked && kept.shown == document && kept.compared == old) return;
  kept.shown = document;
  kept.shown_of = wanted;
  kept.compared = old;
  kept.marked = *document;
  if (old) views::mark_changed(*kept.marked, *old);
}

}  // namespace

MachineSource machine_source(Frame& frame, const views::OpenRun& run) {
  KeptMachine& kept = frame.kept.of<KeptMachine>(run);
  MachineSource source;
  source.run = &run;
  if (!frame.state.at) return source;
  const Wanted wanted{run.own(*frame.state.at), asked_processor(frame),
                      frame.state.option("machine.address")};
  Document document;
  if (auto live = from_live(frame, run, kept, wanted, source)) {
    document = *live;
  } else {
    document = kept_document(kept, wanted);
    if (!document && at_rest(frame, run, kept, wanted))
      document = from_program(frame, run, kept, wanted, source);
    else if (!document)
      source.busy = !kept.cancelled;
  }
  if (document) show(frame, run, kept, wanted, document);
  if (!kept.marked) return source;
  source.document = &*kept.marked;
  source.when = kept.shown_of.at;
  source.address = kept.shown_of.address;
  return source;
}

void cancel_machine(Frame& frame, const views::OpenRun& run) {
  KeptMachine& kept = frame.kept.of<KeptMachine>(run);
  frame.ask.forget(question_of(run, kept.wanted));
  kept.cancelled = true;
}

void retry_machine(Frame& frame, const views::OpenRun& run) {
  KeptMachine& kept = frame.kept.of<KeptMachine>(run);
  frame.ask.forget(question_of(run, kept.wanted));  // what failed is tried again
  kept.cancelled = false;
}

}  // namespace hvlab::visualizer
