#include "sim/analysis/divergence.hpp"

#include <algorithm>
#include <deque>

#include "sim/record/record_text.hpp"

namespace hvlab::analysis {

using record::Record;
using record::TraceReader;

namespace {

/// A trace's records one after the other, held states left out.
class Stream {
 public:
  explicit Stream(const TraceReader& trace) : trace_(trace) {}

  /// Null at the end. Good until the next call.
  const Record* next() {
    while (true) {
      for (; at_ < records_.size(); ++at_)
        if (records_[at_].kind != record::trace_kind::kHeld) return &records_[at_++];
      if (chunk_ == trace_.chunks().size()) return nullptr;
      records_ = trace_.read(chunk_++);
      at_ = 0;
    }
  }

  const TraceReader& trace() const { return trace_; }

 private:
  const TraceReader& trace_;
  std::vector<Record> records_;
  size_t chunk_ = 0, at_ = 0;
};

bool same(const Stream& first, const Record& a, const Stream& second, const Record& b) {
  if (a != b) return false;
  const bool mark = a.kind == record::trace_kind::kMark;
  return !mark || first.trace().name(record::NameTable::Mark, a.a) ==
                      second.trace().name(record::NameTable::Mark, b.a);
}

std::vector<std::string> rest(Stream& stream, const Record* record, unsigned context) {
  std::vector<std::string> texts;
  for (; record != nullptr && texts.size() < context; record = stream.next())
    texts.push_back(record_text(stream.trace(), *record));
  return texts;
}

}  // namespace

std::optional<Divergence> first_divergence(const TraceReader& first, const TraceReader& second,
                                           unsigned context) {
  Stream a(first), b(second);
  std::deque<Record> common;
  for (u64 index = 0;; ++index) {
    const Record* x = a.next();
    const Record* y = b.next();
    if (x == nullptr && y == nullptr) return std::nullopt;
    if (x != nullptr && y != nullptr && same(a, *x, b, *y)) {
      common.push_back(*x);
      if (common.size() > context) common.pop_front();
      continue;
    }
    Divergence found{.index = index, .time = kNever, .common = {}, .first = {}, .second = {}};
    if (x != nullptr) found.time = x->time;
    if (y != nullptr) found.time = std::min(found.time, y->time);
    for (const Record& record : common) found.common.push_back(record_text(first, record));
    found.first = rest(a, x, context);
    found.second = rest(b, y, context);
    return found;
  }
}

}  // namespace hvlab::analysis
