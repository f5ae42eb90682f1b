#include "sim/sweep/store.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "sim/base/user_error.hpp"

namespace hvlab::sweep {

namespace {

// SQLite's own field for "what kind of file is this": "HVsw".
constexpr int kApplication = 0x48567377;
constexpr int kFormat = 1;

constexpr const char* kTables = R"(
CREATE TABLE sweep(key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE axis(number INTEGER, path TEXT, position INTEGER, value TEXT, number_value REAL,
                  PRIMARY KEY(number, position));
CREATE TABLE cell(id INTEGER PRIMARY KEY, kind TEXT NOT NULL, status INTEGER, run TEXT);
CREATE TABLE parameter(cell INTEGER REFERENCES cell(id), path TEXT, value TEXT, number_value REAL,
                       PRIMARY KEY(cell, path));
CREATE TABLE result(cell INTEGER REFERENCES cell(id), metric TEXT, value REAL, unit TEXT,
                    PRIMARY KEY(cell, metric));
CREATE TABLE cost(name TEXT PRIMARY KEY, value REAL, source TEXT, assumed INTEGER);
)";

void bind_number(SQLite::Statement& statement, int index, const std::string& value) {
  if (const std::optional<double> number = number_of(value)) {
    statement.bind(index, *number);
  } else {
    statement.bind(index);  // NULL
  }
}

/// Everything that SQLite throws is something about the user's file.
template <class Work>
auto with_file(const std::string& file, Work work) {
  try {
    return work();
  } catch (const SQLite::Exception& error) {
    throw UserError(fmt::format("'{}': {}", file, error.what()));
  }
}

void write_question(SQLite::Database& database, const Question& question) {
  SQLite::Statement text(database, "INSERT INTO sweep VALUES(?, ?)");
  for (const auto& [key, value] : {std::pair{"scenario", question.scenario}, {"content", question.content}}) {
    text.bind(1, key);
    text.bind(2, value);
    text.exec();
    text.reset();
  }
  SQLite::Statement axis(database, "INSERT INTO axis VALUES(?, ?, ?, ?, ?)");
  for (size_t number = 0; number < question.axes.size(); ++number) {
    const Axis& from = question.axes[number];
    for (size_t position = 0; position < from.values.size(); ++position) {
      axis.bind(1, static_cast<i64>(number));
      axis.bind(2, from.path);
      axis.bind(3, static_cast<i64>(position));
      axis.bind(4, from.values[position]);
      bind_number(axis, 5, from.values[position]);
      axis.exec();
      axis.reset();
    }
  }
  SQLite::Statement row(database, "INSERT INTO cell(id, kind) VALUES(?, ?)");
  SQLite::Statement parameter(database, "INSERT INTO parameter VALUES(?, ?, ?, ?)");
  for (const Cell& cell : question.cells) {
    row.bind(1, cell.id);
    row.bind(2, cell.kind);
    row.exec();
    row.reset();
    for (const auto& [path, value] : cell.settings) {
      parameter.bind(1, cell.id);
      parameter.bind(2, path);
      parameter.bind(3, value);
      bind_number(parameter, 4, value);
      parameter.exec();
      parameter.reset();
    }
  }
}

SQLite::Database open_checked(const std::string& file, int mode) {
  if (!std::filesystem::is_regular_file(file)) throw UserError("'" + file + "': there is no such sweep");
  SQLite::Database database(file, mode);
  const int application = database.execAndGet("PRAGMA application_id").getInt();
  const int format = database.execAndGet("PRAGMA user_version").getInt();
  if (application != kApplication) throw UserError("'" + file + "' is not a sweep of HVLab's");
  if (format != kFormat)
    throw UserError(fmt::format("'{}' has format {}; this program reads format {}", file, format, kFormat));
  return database;
}

bool same(const Question& one, const Question& other) {
  const auto same_axis = [](const Axis& a, const Axis& b) {
    return a.path == b.path && a.values == b.values;
  };
  const auto same_cell = [](const Cell& a, const Cell& b) {
    return a.kind == b.kind && a.settings == b.settings;
  };
  return one.content == other.content && std::ranges::equal(one.axes, other.axes, same_axis) &&
         std::ranges::equal(one.cells, other.cells, same_cell);
}

}  // namespace

Store Store::create(const std::string& file, const Question& question) {
  if (std::filesystem::exists(file))
    throw UserError("'" + file + "' is there already; go on with it by --resume, or choose another --out");
  return with_file(file, [&] {
    SQLite::Database database(file, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    // One transaction: a file that is not whole has no tables, and is refused.
    SQLite::Transaction transaction(database);
    database.exec(
        fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {};", kApplication, kFormat));
    database.exec(kTables);
    write_question(database, question);
    transaction.commit();
    return Store(std::move(database));
  });
}

Store Store::resume(const std::string& file, const Question& question) {
  return with_file(file, [&] {
    Store store(open_checked(file, SQLite::OPEN_READWRITE));
    if (!same(store.question(), question)) {
      throw UserError("'" + file +
                      "' answers another question: the scenario or what is varied has changed since; choose "
                      "another --out");
    }
    return store;
  });
}

Store Store::open(const std::string& file) {
  return with_file(file, [&] { return Store(open_checked(file, SQLite::OPEN_READONLY)); });
}

bool Store::runs_again(int status) {
  // Scenario and command line were found good before anything ran: what says otherwise then is the host's
  // doing, such as a full disk.
  constexpr int kUsage = 2, kInvalid = 3, kPackageMissing = 6, kOurFault = 70;
  constexpr int kStopped = 128;  // and above: by which signal; 127 and 126: the program could not be run
  return status == kUsage || status == kInvalid || status == kPackageMissing || status == kOurFault ||
         status >= kStopped - 2;
}

std::vector<u32> Store::unfinished() {
  std::vector<u32> cells;
  SQLite::Statement query(database_, "SELECT id, status FROM cell ORDER BY id");
  while (query.executeStep()) {
    if (query.getColumn(1).isNull() || runs_again(query.getColumn(1).getInt()))
      cells.push_back(query.getColumn(0).getUInt());
  }
  return cells;
}

void Store::finish(u32 cell, const Outcome& outcome) {
  with_file(database_.getFilename(), [&] {
    SQLite::Transaction transaction(database_);
    SQLite::Statement row(database_, "UPDATE cell SET status = ?, run = ? WHERE id = ?");
    row.bind(1, outcome.status);
    row.bind(2, outcome.run);
    row.bind(3, cell);
    row.exec();
    SQLite::Statement clear(database_, "DELETE FROM result WHERE cell = ?");
    clear.bind(1, cell);
    clear.exec();
    SQLite::Statement result(database_, "INSERT INTO result VALUES(?, ?, ?, ?)");
    for (const Metric& metric : outcome.metrics) {
      result.bind(1, cell);
      result.bind(2, metric.name);
      result.bind(3, metric.value);
      result.bind(4, metric.unit);
      result.exec();
      result.reset();
    }
    transaction.commit();
  });
}

void Store::note(const std::string& key, const std::string& value) {
  with_file(database_.getFilename(), [&] {
    SQLite::Statement text(database_, "INSERT OR REPLACE INTO sweep VALUES(?, ?)");
    text.bind(1, key);
    text.bind(2, value);
    text.exec();
  });
}

std::string Store::noted(const std::string& key) {
  SQLite::Statement text(database_, "SELECT value FROM sweep WHERE key = ?");
  text.bind(1, key);
  return text.executeStep() ? text.getColumn(0).getString() : "";
}

void Store::note_costs(const std::vector<Cost>& costs) {
  with_file(database_.getFilename(), [&] {
    SQLite::Transaction transaction(database_);
    database_.exec("DELETE FROM cost");
    SQLite::Statement row(database_, "INSERT INTO cost VALUES(?, ?, ?, ?)");
    for (const Cost& cost : costs) {
      row.bind(1, cost.name);
      row.bind(2, cost.value);
      row.bind(3, cost.source);
      row.bind(4, cost.assumed ? 1 : 0);
      row.exec();
      row.reset();
    }
    transaction.commit();
  });
}

Question Store::question() {
  Question question;
  SQLite::Statement text(database_, "SELECT key, value FROM sweep");
  while (text.executeStep()) {
    const std::string key = text.getColumn(0), value = text.getColumn(1);
    if (key == "scenario") question.scenario = value;
    if (key == "content") question.content = value;
  }
  SQLite::Statement axis(database_, "SELECT number, path, value FROM axis ORDER BY number, position");
  while (axis.executeStep()) {
    question.axes.resize(axis.getColumn(0).getUInt() + 1);
    question.axes.back().path = axis.getColumn(1).getString();
    question.axes.back().values.push_back(axis.getColumn(2).getString());
  }
  SQLite::Statement cell(database_, "SELECT id, kind FROM cell ORDER BY id");
  while (cell.executeStep())
    question.cells.push_back({cell.getColumn(0).getUInt(), cell.getColumn(1).getString(), {}});
  SQLite::Statement parameter(database_, "SELECT cell, path, value FROM parameter ORDER BY cell, rowid");
  while (parameter.executeStep()) {
    const u32 id = parameter.getColumn(0).getUInt();
    if (id < question.cells.size())
      question.cells[id].settings.emplace_back(parameter.getColumn(1).getString(),
                                               parameter.getColumn(2).getString());
  }
  return question;
}

std::optional<Outcome> Store::outcome(u32 cell) {
  SQLite::Statement row(database_, "SELECT status, run FROM cell WHERE id = ? AND status IS NOT NULL");
  row.bind(1, cell);
  if (!row.executeStep()) return std::nullopt;
  Outcome outcome{row.getColumn(0).getInt(), row.getColumn(1).getString(), {}};
  SQLite::Statement result(database_,
                           "SELECT metric, value, unit FROM result WHERE cell = ? ORDER BY metric");
  result.bind(1, cell);
  while (result.executeStep())
    outcome.metrics.push_back(
        {result.getColumn(0).getString(), result.getColumn(1).getDouble(), result.getColumn(2).getString()});
  return outcome;
}

std::vector<Cost> Store::costs() {
  std::vector<Cost> costs;
  SQLite::Statement row(database_, "SELECT name, value, source, assumed FROM cost ORDER BY rowid");
  while (row.executeStep()) {
    costs.push_back({row.getColumn(0).getString(), row.getColumn(1).getDouble(), row.getColumn(2).getString(),
                     row.getColumn(3).getInt() != 0});
  }
  return costs;
}

}  // namespace hvlab::sweep
