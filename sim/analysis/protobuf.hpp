// Messages in Protocol Buffers' wire format (protobuf.dev, "Encoding"): what writing needs of it.
#pragma once

#include <string>
#include <string_view>

#include "sim/base/types.hpp"

namespace hvlab::analysis {

class Message {
 public:
  /// A field of an integer or enumeration type that is not sint or fixed.
  Message& number(unsigned field, u64 value) {
    key(field, 0);
    varint(value);
    return *this;
  }
  /// A string, or bytes.
  Message& text(unsigned field, std::string_view value) {
    key(field, 2);
    varint(value.size());
    bytes_ += value;
    return *this;
  }
  Message& message(unsigned field, const Message& value) { return text(field, value.bytes_); }

  /// The fields of `other` after ours.
  Message& append(const Message& other) {
    bytes_ += other.bytes_;
    return *this;
  }

  bool empty() const { return bytes_.empty(); }
  const std::string& bytes() const { return bytes_; }

 private:
  void key(unsigned field, unsigned wire_type) { varint(u64{field} << 3 | wire_type); }
  void varint(u64 value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>(value | 0x80);
    bytes_ += static_cast<char>(value);
  }

  std::string bytes_;
};

}  // namespace hvlab::analysis
