#include "sim/record/trace_tail.hpp"

#include <charconv>
#include <type_traits>
#include <utility>

namespace hvlab::record {

namespace {

constexpr u64 kAny = ~u64{0};
constexpr size_t kMostRecords = size_t{kChunkRecords} + kMostLanes;  // a block, and the states that begin it

// A whole number, or a text "0x...". False if it is neither, or more than `most`.
bool take_number(const Json& value, u64 most, u64& number) {
  if (value.is_number_unsigned()) {
    number = value.get<u64>();
    return number <= most;
  }
  if (!value.is_string()) return false;
  const auto& text = value.get_ref<const std::string&>();
  if (!text.starts_with("0x")) return false;
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data() + 2, last, number, 16);
  return error == std::errc() && end == last && number <= most;
}

template <class... Field>
bool take_row(const Json& row, size_t length, std::pair<u64, Field*>... fields) {
  if (!row.is_array() || row.size() != length) return false;
  size_t at = 0;
  const auto take = [&](u64 most, auto* to) {
    u64 number = 0;
    if (!take_number(row[at++], most, number)) return false;
    *to = static_cast<std::remove_pointer_t<decltype(to)>>(number);
    return true;
  };
  return (take(fields.first, fields.second) && ...);
}

bool take_record(const Json& row, Record& record) {
  return take_row(row, 7, std::pair{kLongestTime, &record.time}, std::pair{u64{0xFF}, &record.kind},
                  std::pair{u64{0xFF}, &record.core}, std::pair{u64{kMostLanes - 1}, &record.lane},
                  std::pair{kAny, &record.a}, std::pair{kAny, &record.b}, std::pair{kAny, &record.rip});
}

bool take_name(const Json& row, NameEntry& name) {
  if (!take_row(row, 4, std::pair{u64{0xFFFF}, &name.table}, std::pair{kAny, &name.key},
                std::pair{kAny, &name.value}) ||
      !row[3].is_string())
    return false;
  name.text = row[3].get<std::string>();
  return true;
}

template <class Row>
bool take_list(const Json& answer, const char* member, bool (*take)(const Json&, Row&),
               std::vector<Row>& rows) {
  const auto list = answer.find(member);
  if (list == answer.end() || !list->is_array()) return false;
  for (const Json& row : *list)
    if (!take(row, rows.emplace_back())) return false;
  return true;
}

}  // namespace

std::optional<TraceTail> trace_tail_of(const Json& answer) {
  TraceTail tail;
  u64 from = 0;
  const auto number = [&](const char* member, u64& to) {
    const auto found = answer.find(member);
    return found != answer.end() && take_number(*found, kAny, to);
  };
  if (!answer.is_object() || !number("written", tail.written) || !number("from", from)) return std::nullopt;
  if (from != tail.written) return std::nullopt;  // it was asked for all of them
  if (!take_list(answer, "records", take_record, tail.records)) return std::nullopt;
  if (tail.records.size() > kMostRecords) return std::nullopt;
  if (!take_list(answer, "names", take_name, tail.names)) return std::nullopt;
  return tail;
}

}  // namespace hvlab::record
