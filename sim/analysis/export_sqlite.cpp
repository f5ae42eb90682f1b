#include <SQLiteCpp/SQLiteCpp.h>
#include <SQLiteCpp/VariadicBind.h>
#include <unistd.h>

#include <map>

#include "sim/analysis/exports.hpp"
#include "sim/base/user_error.hpp"
#include "sim/observe/event.hpp"
#include "sim/observe/mark.hpp"
#include "sim/record/output_file.hpp"

namespace hvlab::analysis {

using record::NameTable;
using record::Record;
using record::RecordChoice;
using record::RecordFilter;
using record::TraceReader;

namespace {

constexpr const char* kTables = R"(
  PRAGMA journal_mode = OFF;
  PRAGMA synchronous = OFF;
  CREATE TABLE lanes (lane INTEGER PRIMARY KEY, type TEXT, vm INTEGER, number INTEGER, name TEXT);
  CREATE TABLE kinds (kind INTEGER PRIMARY KEY, name TEXT);
  CREATE TABLE states (lane INTEGER, state TEXT, begin_ps INTEGER, end_ps INTEGER, core INTEGER, call TEXT);
  CREATE TABLE exits (time_ps INTEGER, core INTEGER, lane INTEGER, reason TEXT, info1 INTEGER, rip INTEGER);
  CREATE TABLE marks (time_ps INTEGER, lane INTEGER, text TEXT);
  CREATE TABLE software_marks (time_ps INTEGER, core INTEGER, lane INTEGER, kind INTEGER, name TEXT, cpl INTEGER,
                               first INTEGER, second INTEGER, third INTEGER, rip INTEGER);
  CREATE TABLE records (time_ps INTEGER, core INTEGER, lane INTEGER, kind INTEGER, a INTEGER, b INTEGER,
                        rip INTEGER);
)";
constexpr const char* kIndexes = R"(
  CREATE INDEX records_time ON records (time_ps);
  CREATE INDEX states_begin ON states (lane, begin_ps);
)";

// SQLite's integers have a sign: larger numbers keep their bits.
i64 integer(u64 value) { return static_cast<i64>(value); }

template <class... Values>
void insert(SQLite::Statement& into, const Values&... values) {
  SQLite::bind(into, values...);
  into.exec();
  into.reset();
}

class Exporter {
 public:
  Exporter(const TraceReader& trace, SQLite::Database& to)
      : trace_(trace),
        states_(to, "INSERT INTO states VALUES (?, ?, ?, ?, ?, ?)"),
        exits_(to, "INSERT INTO exits VALUES (?, ?, ?, ?, ?, ?)"),
        marks_(to, "INSERT INTO marks VALUES (?, ?, ?)"),
        software_marks_(to, "INSERT INTO software_marks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
        records_(to, "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?)") {
    SQLite::Statement lanes(to, "INSERT INTO lanes VALUES (?, ?, ?, ?, ?)");
    for (const auto& [lane, info] : trace.lanes())
      insert(lanes, int{lane}, record::name(info.type), info.vm, info.number, info.name);
    SQLite::Statement kinds(to, "INSERT INTO kinds VALUES (?, ?)");
    for (const auto& [kind, entry] : trace.names(NameTable::Kind)) insert(kinds, integer(kind), entry.text);
  }

  void take(const Record& r) {
    insert(records_, integer(r.time), int{r.core}, int{r.lane}, int{r.kind}, integer(r.a), integer(r.b),
           integer(r.rip));
    if (r.kind == record::trace_kind::kState) state(r);
    software_mark(r);
    if (r.kind == record::trace_kind::kMark)
      insert(marks_, integer(r.time), int{r.lane}, trace_.name(NameTable::Mark, r.a));
    if (r.kind == static_cast<u8>(observe::EventKind::VmExit)) {
      insert(exits_, integer(r.time), int{r.core}, int{r.lane}, trace_.name(NameTable::ExitReason, r.a),
             integer(r.b), integer(r.rip));
    }
  }

  void software_mark(const Record& r) {
    const auto mark = reader_.read({.time = r.time,
                                    .a = r.a,
                                    .b = r.b,
                                    .rip = r.rip,
                                    .kind = static_cast<observe::EventKind>(r.kind),
                                    .core = r.core,
                                    .device = 0,
                                    .sequence = 0});
    if (!mark) return;
    insert(software_marks_, integer(mark->time), int{mark->core}, int{r.lane}, static_cast<int>(mark->kind),
           observe::name(mark->kind), int{mark->cpl}, integer(mark->first), integer(mark->second),
           integer(mark->third), integer(r.rip));
  }

  void finish(Picoseconds until) {
    for (const auto& [lane, held] : open_) close(held, std::min(until, trace_.end()));
  }

 private:
  void state(const Record& r) {
    if (const auto held = open_.find(r.lane); held != open_.end()) close(held->second, r.time);
    open_.erase(r.lane);
    if (r.a != record::kStateEnded) open_[r.lane] = r;
  }
  void close(const Record& held, Picoseconds end) {
    insert(states_, int{held.lane}, trace_.state_name(held.lane, held.a), integer(held.time), integer(end),
           int{held.core}, call_text(trace_, held));
  }

  const TraceReader& trace_;
  SQLite::Statement states_, exits_, marks_, software_marks_, records_;
  observe::MarkReader reader_;
  std::map<u16, Record> open_;
};

void write(const TraceReader& trace, const RecordFilter& filter, const std::string& file) {
  const RecordChoice wanted(trace, filter);
  SQLite::Database to(file, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  to.exec(kTables);
  SQLite::Transaction all(to);
  Exporter exporter(trace, to);
  trace.each(filter.from, filter.until, [&](const Record& r) {
    if (wanted(r)) exporter.take(r);
    return true;
  });
  exporter.finish(filter.until);
  all.commit();
  to.exec(kIndexes);
}

}  // namespace

void export_sqlite(const TraceReader& trace, const RecordFilter& filter, const std::string& file) {
  record::Replacement replacement(file);
  if (!replacement.replaces()) throw UserError(file + ": is no file; a database needs one");
  unlink(replacement.written().c_str());
  try {
    write(trace, filter, replacement.written());
  } catch (const SQLite::Exception& error) {
    throw UserError(file + ": " + error.what());
  }
  if (!replacement.take_place()) throw UserError(file + ": cannot be written");
}

}  // namespace hvlab::analysis
