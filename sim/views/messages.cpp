#include "sim/views/messages.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <filesystem>

#include "sim/base/data_path.hpp"
#include "sim/base/user_error.hpp"

namespace hvlab::views {

namespace {

// Nested maps become keys with dots.
void flatten(const YAML::Node& node, const std::string& path,
             std::map<std::string, std::string, std::less<>>& texts) {
  if (!node.IsMap()) {
    texts[path] = node.as<std::string>();
    return;
  }
  for (const auto& item : node) {
    const auto key = item.first.as<std::string>();
    flatten(item.second, path.empty() ? key : path + "." + key, texts);
  }
}

}  // namespace

std::vector<std::string> languages() {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(data_folder("messages"))) {
    if (entry.path().extension() == ".yaml") found.push_back(entry.path().stem().string());
  }
  std::ranges::sort(found);
  return found;
}

Messages Messages::load(const std::string& language) {
  const std::vector<std::string> known = languages();
  if (std::ranges::find(known, language) == known.end()) {
    std::string list;
    for (const std::string& one : known) list += (list.empty() ? "" : ", ") + one;
    throw UserError("language '" + language + "': there are " + list);
  }
  Messages messages;
  messages.language_ = language;
  const std::filesystem::path file = data_folder("messages") / (language + ".yaml");
  try {
    flatten(YAML::LoadFile(file.string()), "", messages.texts_);
  } catch (const YAML::Exception& problem) {
    throw UserError(file.string() + ":" + std::to_string(problem.mark.line + 1) + ": " + problem.msg);
  }
  return messages;
}

const std::string& Messages::operator()(std::string_view key) const {
  if (const auto found = texts_.find(key); found != texts_.end()) return found->second;
  return missing_.try_emplace(std::string(key), key).first->second;
}

std::string Messages::operator()(std::string_view key, const std::vector<std::string>& values) const {
  const std::string& text = (*this)(key);
  std::string said;
  for (size_t i = 0; i < text.size(); ++i) {
    const size_t number = i + 2 < text.size() && text[i] == '{' && text[i + 2] == '}'
                              ? static_cast<size_t>(text[i + 1] - '0')
                              : values.size();
    if (number < values.size()) {
      said += values[number];
      i += 2;
    } else {
      said += text[i];
    }
  }
  return said;
}

}  // namespace hvlab::views
