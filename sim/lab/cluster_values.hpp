// Checked values of a scenario's cluster in the simulation's units. What is not there is 0 or empty.
#pragma once

#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "sim/cluster/types.hpp"
#include "sim/scenario/cluster_rule_parts.hpp"
#include "sim/scenario/value.hpp"

namespace hvlab::lab {

inline std::string text_at(const scenario::Value& value, const char* path) {
  const scenario::Value* found = value.at(path);
  return found == nullptr ? "" : found->text;
}

/// Bytes, hertz, bits or picoseconds.
inline u64 whole_at(const scenario::Value& value, const char* path) {
  const scenario::Value* found = value.at(path);
  return found == nullptr ? 0 : found->count;
}

inline u32 count_at(const scenario::Value& value, const char* path) {
  return static_cast<u32>(whole_at(value, path));
}

inline double number_at(const scenario::Value& value, const char* path) {
  const scenario::Value* found = value.at(path);
  return found == nullptr ? 0 : found->number;
}

inline constexpr u32 kAllLoad = 1000;

/// Thousandths of a part.
inline u32 permille(double part) { return static_cast<u32>(std::lround(part * kAllLoad)); }

inline u32 megahertz_at(const scenario::Value& value, const char* path) {
  return static_cast<u32>(whole_at(value, path) / 1'000'000);
}

inline u32 mebibytes_at(const scenario::Value& value, const char* path) {
  return static_cast<u32>(whole_at(value, path) >> 20);
}

inline u32 gibibytes_at(const scenario::Value& value, const char* path) {
  return static_cast<u32>(whole_at(value, path) >> 30);
}

inline cluster::Nanoseconds nanoseconds_at(const scenario::Value& value, const char* path) {
  return whole_at(value, path) / kNanosecond;
}

using scenario::items_at;

/// What a word stands for; the format's table has no others.
template <class What, size_t kCount>
What word_at(const scenario::Value& value, const char* path,
             const std::pair<const char*, What> (&words)[kCount]) {
  const std::string text = text_at(value, path);
  for (const auto& [word, what] : words)
    if (text == word) return what;
  return words[0].second;
}

}  // namespace hvlab::lab
