// The format as a JSON schema: the same table, told to editors.
#include <nlohmann/json.hpp>

#include "sim/scenario/print.hpp"
#include "sim/scenario/quantity.hpp"
#include "sim/scenario/resolve.hpp"

namespace hvlab::scenario {

namespace {

using Json = nlohmann::ordered_json;

Json section_schema(const Section& section, const Vocabulary& vocabulary);

Json quantity_schema(Dimension dimension) { return {{"type", "string"}, {"pattern", pattern(dimension)}}; }

Json word_schema(const Key& key, const Vocabulary& vocabulary) {
  const std::string words = key.words;
  // Beside the names there are patterns and files of the user's own.
  if (words == "@metrics") return {{"type", "string"}, {"examples", words_of(key, vocabulary)}};
  Json list = {{"type", "string"}, {"enum", words_of(key, vocabulary)}};
  if (words != "@processors" && words != "@disks" && words != "@links" && words != "@overheads" &&
      words != "@mixes" && words != "@powers")
    return list;
  return {{"anyOf", {list, {{"type", "string"}, {"pattern", "\\.yaml$"}}}}};
}

Json scalar_map(Json values) { return {{"type", "object"}, {"additionalProperties", std::move(values)}}; }

Json type_schema(const Key& key, const Vocabulary& vocabulary) {
  switch (key.type) {
    case Type::Word: return word_schema(key, vocabulary);
    case Type::Words: return {{"type", "array"}, {"items", word_schema(key, vocabulary)}};
    case Type::Count: {
      Json count = {{"type", "integer"}, {"minimum", key.least}};
      if (key.most != ~u64{0}) count["maximum"] = key.most;
      return count;
    }
    case Type::Names: {
      const Json name = {{"type", "string"}, {"minLength", 1}};
      return {{"anyOf", {name, {{"type", "array"}, {"minItems", 1}, {"items", name}}}}};
    }
    case Type::Number: {
      Json number = {{"type", "number"}, {"minimum", key.least}};
      if (key.most != ~u64{0}) number["maximum"] = key.most;
      return number;
    }
    case Type::Change: return {{"type", "number"}, {"minimum", -1}, {"maximum", key.most}};
    case Type::Numbers: return {{"type", "array"}, {"items", {{"type", "number"}, {"minimum", 0}}}};
    case Type::Flag: return {{"type", "boolean"}};
    case Type::Time: return quantity_schema(Dimension::Time);
    case Type::Size: return quantity_schema(Dimension::Size);
    case Type::Frequency: return quantity_schema(Dimension::Frequency);
    case Type::Rate: return quantity_schema(Dimension::Rate);
    case Type::Date:
      return {{"type", "string"}, {"pattern", "^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2})?$"}};
    case Type::Hash: return {{"type", "string"}, {"pattern", "^[0-9a-f]{64}$"}};
    case Type::Bound: return {{"type", {"number", "string"}}};
    case Type::Title: {
      const Json text = {{"type", "string"}, {"minLength", 1}};
      const Json both = {{"type", "object"},
                         {"properties", {{"en", text}, {"ja", text}}},
                         {"required", {"en"}},
                         {"additionalProperties", false}};
      return {{"anyOf", {text, both}}};
    }
    case Type::Figures: {
      Json map = scalar_map({{"type", "integer"}, {"minimum", 0}});
      map["propertyNames"] = {{"enum", words_of(key, vocabulary)}};
      return map;
    }
    case Type::Settings: return scalar_map({{"type", {"string", "number", "boolean"}}});
    case Type::Axes: return scalar_map({{"type", "array"}, {"minItems", 1}});
    case Type::Map: return section_schema(*key.section, vocabulary);
    case Type::List:
      return {{"type", "array"}, {"maxItems", key.most}, {"items", section_schema(*key.section, vocabulary)}};
    default: return {{"type", "string"}, {"minLength", 1}};
  }
}

Json section_schema(const Section& section, const Vocabulary& vocabulary) {
  Json properties = Json::object(), required = Json::array();
  for (const Key& key : section.keys) {
    if (key.later != nullptr) continue;
    Json schema = type_schema(key, vocabulary);
    schema["description"] = key.doc;
    if (key.presence == Presence::Default && *key.fallback != '\0' && key.type == Type::Word)
      schema["default"] = key.fallback;
    // What varies may be missing in the file itself, so that only parts below the top level are required.
    if (key.presence == Presence::Required &&
        (&section != &format() || std::string_view(key.name) == "title"))
      required.push_back(key.name);
    properties[key.name] = std::move(schema);
  }
  Json schema = {{"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
  if (!required.empty()) schema["required"] = std::move(required);
  return schema;
}

}  // namespace

std::string print_schema(const Vocabulary& vocabulary) {
  Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                 {"$id", "urn:hvlab:scenario:1"},
                 {"title", "HVLab scenario"}};
  const Json root = section_schema(format(), vocabulary);
  for (const auto& [key, value] : root.items()) schema[key] = value;
  return schema.dump(2) + '\n';
}

}  // namespace hvlab::scenario
