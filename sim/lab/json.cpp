#include "sim/lab/json.hpp"

#include <charconv>
#include <cmath>
#include <cstdio>

namespace hvlab::lab {

void JsonWriter::new_line() {
  out_ << '\n';
  for (unsigned i = 0; i < depth_; ++i) out_ << "  ";
}

void JsonWriter::before_value() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (depth_ == 0) return;
  if (!empty_) out_ << ',';
  empty_ = false;
  new_line();
}

JsonWriter& JsonWriter::begin(char bracket) {
  before_value();
  out_ << bracket;
  ++depth_;
  empty_ = true;
  return *this;
}

JsonWriter& JsonWriter::end(char bracket) {
  --depth_;
  if (!empty_) new_line();
  out_ << bracket;
  empty_ = false;
  if (depth_ == 0) out_ << '\n';
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  before_value();
  quote(name);
  out_ << ": ";
  after_key_ = true;
  return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
  before_value();
  quote(text);
  return *this;
}

JsonWriter& JsonWriter::value(bool flag) {
  before_value();
  out_ << (flag ? "true" : "false");
  return *this;
}

JsonWriter& JsonWriter::value(double number) {
  before_value();
  if (!std::isfinite(number)) {
    out_ << "null";
    return *this;
  }
  char text[40];
  const auto result = std::to_chars(text, text + sizeof text, number);
  out_ << std::string_view(text, static_cast<size_t>(result.ptr - text));
  return *this;
}

void JsonWriter::quote(std::string_view text) {
  out_ << '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out_ << '\\' << c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
      out_ << escape;
    } else {
      out_ << c;
    }
  }
  out_ << '"';
}

}  // namespace hvlab::lab
