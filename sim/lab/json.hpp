// Writes JSON: objects and arrays nested as the calls are, indented, keys in the order written.
#pragma once

#include <ostream>
#include <string_view>
#include <type_traits>

#include "sim/base/types.hpp"

namespace hvlab::lab {

class JsonWriter {
 public:
  explicit JsonWriter(std::ostream& out) : out_(out) {}

  /// Opens an object or array: as the document, an array's element, or under key().
  JsonWriter& begin_object() { return begin('{'); }
  JsonWriter& begin_array() { return begin('['); }
  JsonWriter& end_object() { return end('}'); }
  JsonWriter& end_array() { return end(']'); }

  /// The name of the object's next member.
  JsonWriter& key(std::string_view name);

  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(bool flag);
  JsonWriter& value(
      double number);  // as short as it can be read back exactly; what is not finite becomes null
  template <class Integer>
    requires(std::is_integral_v<Integer> && !std::is_same_v<Integer, bool>)
  JsonWriter& value(Integer number) {
    before_value();
    out_ << +number;
    return *this;
  }
  template <class Value>
  JsonWriter& member(std::string_view name, const Value& content) {
    return key(name).value(content);
  }

 private:
  JsonWriter& begin(char bracket);
  JsonWriter& end(char bracket);
  void before_value();
  void new_line();
  void quote(std::string_view text);

  std::ostream& out_;
  unsigned depth_ = 0;
  bool empty_ = true;  // nothing yet in the innermost object or array
  bool after_key_ = false;
};

}  // namespace hvlab::lab
