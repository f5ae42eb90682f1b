#include "sim/scenario/made_values.hpp"

#include "sim/scenario/quantity.hpp"

namespace hvlab::scenario {

namespace {

Value quantity_value(Type type, Dimension dimension, u64 amount) {
  Value value;
  value.type = type;
  value.count = amount;
  value.text = print_quantity(dimension, amount);
  return value;
}

Value plain_value(Type type, std::string_view text) {
  Value value;
  value.type = type;
  value.text = text;
  return value;
}

}  // namespace

void add(Value& section, const char* key, Value value, const std::string& origin) {
  if (section.mentions(key)) return;
  value.place = section.place;
  value.origin = origin;
  section.keys.emplace_back(key);
  section.items.push_back(std::move(value));
}

Value count_value(u64 number) {
  Value value = plain_value(Type::Count, std::to_string(number));
  value.count = number;
  return value;
}

Value number_value(double number) {
  Value value = plain_value(Type::Number, print_number(number));
  value.number = number;
  return value;
}

Value size_value(u64 bytes) { return quantity_value(Type::Size, Dimension::Size, bytes); }
Value time_value(Picoseconds time) { return quantity_value(Type::Time, Dimension::Time, time); }
Value frequency_value(u64 hertz) { return quantity_value(Type::Frequency, Dimension::Frequency, hertz); }
Value rate_value(u64 bits) { return quantity_value(Type::Rate, Dimension::Rate, bits); }
Value word_value(std::string_view text) { return plain_value(Type::Word, text); }
Value text_value(std::string_view text) { return plain_value(Type::Text, text); }

Value names_value(const std::vector<std::string>& names) {
  Value value;
  value.type = Type::Names;
  for (const std::string& name : names) value.items.push_back(text_value(name));
  return value;
}

}  // namespace hvlab::scenario
