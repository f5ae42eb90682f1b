#include <map>
#include <set>

#include "sim/analysis/exports.hpp"
#include "sim/analysis/protobuf.hpp"
#include "sim/observe/event.hpp"
#include "sim/observe/mark.hpp"

namespace hvlab::analysis {

using record::LaneType;
using record::NameTable;
using record::Record;
using record::RecordChoice;
using record::RecordFilter;
using record::TraceReader;

namespace {

// Field numbers of perfetto.proto.
namespace trace_field {
constexpr unsigned kPacket = 1;
}
namespace packet_field {
constexpr unsigned kTimestamp = 8, kSequence = 10, kEvent = 11, kInterned = 12, kFlags = 13, kTrack = 60;
}
namespace track_field {
constexpr unsigned kUuid = 1, kName = 2, kParent = 5;
}
namespace event_field {
constexpr unsigned kAnnotation = 4, kType = 9, kName = 10, kTrack = 11;
}
namespace annotation_field {
constexpr unsigned kName = 1, kUint = 3, kText = 6, kPointer = 7;
}
namespace interned_field {
constexpr unsigned kEventNames = 2, kAnnotationNames = 3;
}

constexpr u64 kSequence = 1;             // one writer, one sequence
constexpr u64 kCleared = 1, kNeeds = 2;  // sequence flags
constexpr u64 kBegin = 1, kEnd = 2, kInstant = 3;

class Exporter {
 public:
  Exporter(const TraceReader& trace, std::ostream& out) : trace_(trace), out_(out) {}

  void tracks() {
    static constexpr const char* kGroups[] = {"processors", "virtual processors", "devices", "threads",
                                              "containers and control groups"};
    static_assert(std::size(kGroups) == static_cast<size_t>(LaneType::Count));
    for (u64 type = 0; type < std::size(kGroups); ++type)
      track(group(static_cast<LaneType>(type)), kGroups[type], 0);
    for (const auto& [lane, info] : trace_.lanes()) track(uuid(lane), info.name, group(info.type));
  }

  void state(const Record& r) {
    if (!open_.insert(r.lane).second) put(r, Message().number(event_field::kType, kEnd));
    if (r.a == record::kStateEnded) return static_cast<void>(open_.erase(r.lane));
    Message event;
    event.number(event_field::kType, kBegin).number(event_field::kName, name(state_text(trace_, r)));
    put(r, event);
  }

  void instant(const Record& r) {
    const bool exit = r.kind == static_cast<u8>(observe::EventKind::VmExit);
    const bool mark = r.kind == record::trace_kind::kMark;
    std::string kind = trace_.name(NameTable::Kind, r.kind);
    if (exit) kind += " " + trace_.name(NameTable::ExitReason, r.a);
    if (r.kind == static_cast<u8>(observe::EventKind::Mark))
      kind += std::string(" ") + observe::name(observe::mark_kind(r.a));
    Message event;
    event.number(event_field::kType, kInstant);
    event.number(event_field::kName, name(kind));
    if (mark) {
      annotate(event, "text", Message().text(annotation_field::kText, trace_.name(NameTable::Mark, r.a)));
    } else {
      annotate(event, "a", Message().number(annotation_field::kUint, r.a));
      annotate(event, "b", Message().number(annotation_field::kUint, r.b));
    }
    if (r.rip != 0) annotate(event, "rip", Message().number(annotation_field::kPointer, r.rip));
    put(r, event);
  }

 private:
  static u64 uuid(u16 lane) { return u64{lane} + 0x100; }
  static u64 group(LaneType type) { return static_cast<u64>(type) + 1; }

  void packet(const Message& packet) {
    const Message whole = std::move(Message().message(trace_field::kPacket, packet));
    out_ << whole.bytes();
  }

  void track(u64 uuid, const std::string& name, u64 parent) {
    Message track;
    track.number(track_field::kUuid, uuid).text(track_field::kName, name);
    if (parent != 0) track.number(track_field::kParent, parent);
    packet(Message().number(packet_field::kSequence, kSequence).message(packet_field::kTrack, track));
  }

  // The number of a name, told to the reader the first time.
  u64 intern(std::map<std::string, u64>& names, unsigned field, const std::string& text) {
    const auto [place, fresh] = names.emplace(text, names.size() + 1);
    if (fresh) interned_.message(field, Message().number(1, place->second).text(2, text));
    return place->second;
  }
  u64 name(const std::string& text) { return intern(names_, interned_field::kEventNames, text); }

  void annotate(Message& event, const char* key, const Message& value) {
    Message annotation;
    annotation.number(annotation_field::kName, intern(keys_, interned_field::kAnnotationNames, key));
    event.message(event_field::kAnnotation, annotation.append(value));
  }

  void put(const Record& r, Message event) {
    event.number(event_field::kTrack, uuid(r.lane));
    Message all;
    all.number(packet_field::kTimestamp, r.time / kNanosecond).number(packet_field::kSequence, kSequence);
    all.message(packet_field::kEvent, event);
    if (!interned_.empty()) all.message(packet_field::kInterned, interned_);
    all.number(packet_field::kFlags, first_ ? kCleared | kNeeds : kNeeds);
    interned_ = {};
    first_ = false;
    packet(all);
  }

  const TraceReader& trace_;
  std::ostream& out_;
  std::map<std::string, u64> names_, keys_;
  Message interned_;    // names that the next packet has to tell
  std::set<u16> open_;  // lanes with a slice in progress
  bool first_ = true;
};

}  // namespace

void export_perfetto(const TraceReader& trace, const RecordFilter& filter, std::ostream& out) {
  const RecordChoice wanted(trace, filter);
  Exporter exporter(trace, out);
  exporter.tracks();
  trace.each(filter.from, filter.until, [&](const Record& r) {
    if (!wanted(r)) return true;
    if (r.kind == record::trace_kind::kState)
      exporter.state(r);
    else
      exporter.instant(r);
    return out.good();
  });
}

}  // namespace hvlab::analysis
