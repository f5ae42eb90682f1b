#include "sim/lab/same_run.hpp"

#include <fmt/format.h>

#include "sim/base/user_error.hpp"
#include "sim/record/trace_recorder.hpp"

namespace hvlab::lab {

using observe::EventKind;

namespace {

bool is_kept(u8 kind) { return record::in_every_trace(static_cast<EventKind>(kind)); }

}  // namespace

void SameRun::advance() {
  for (;;) {
    while (at_ < records_.size() && !is_kept(records_[at_].kind)) ++at_;
    if (at_ < records_.size()) return;
    if (chunk_ == trace_.chunks().size()) {
      over_ = true;
      return;
    }
    read_chunk();
  }
}

/// Of a damaged trace nothing more is compared. No exception may leave from here: the machine's thread is
/// below.
void SameRun::read_chunk() {
  at_ = 0;
  try {
    records_ = trace_.read(chunk_++);
  } catch (const UserError& error) {
    records_.clear();
    chunk_ = trace_.chunks().size();
    difference_ = error.what();
  }
}

std::string SameRun::told(Picoseconds time, u8 kind, u8 core, u64 a) const {
  return fmt::format("{} {:#x} on processor {} at {} ps", observe::name(static_cast<EventKind>(kind)), a,
                     core, time);
}

void SameRun::on_event(const observe::Event& event) {
  const u8 kind = static_cast<u8>(event.kind);
  if (over_ || !difference_.empty() || !is_kept(kind)) return;
  const record::Record& r = records_[at_];
  const bool same = r.time == event.time && r.a == event.a && r.b == event.b && r.rip == event.rip &&
                    r.kind == kind && r.core == event.core;
  if (!same)
    difference_ =
        fmt::format("it is another run now: after {} equal events it had {}, now there is {}", compared_,
                    told(r.time, r.kind, r.core, r.a), told(event.time, kind, event.core, event.a));
  ++compared_;
  ++at_;
  advance();
}

void SameRun::end(Picoseconds time) {
  // A processor may be a slice behind another.
  constexpr Picoseconds kSlack = kMillisecond;
  if (over_ || !difference_.empty()) return;
  const record::Record& r = records_[at_];
  if (r.time + kSlack < time)
    difference_ =
        fmt::format("it is another run now: it had {}, now there is none", told(r.time, r.kind, r.core, r.a));
}

}  // namespace hvlab::lab
