// The catalogue of what the window and the report say: messages/LANGUAGE.yaml.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace hvlab::views {

class Messages {
 public:
  /// The catalogue of `language` ("en", "ja"). Throws UserError if there is none, or if it is damaged.
  static Messages load(const std::string& language);

  /// What `key` ("timeline.title") is in this language. A key that the catalogue does not have is its own
  /// text: it shows, and a test finds it.
  const std::string& operator()(std::string_view key) const;
  bool has(std::string_view key) const { return texts_.find(key) != texts_.end(); }

  /// The text of `key` with {0}, {1}, ... replaced by `values`; a place without a value stays.
  std::string operator()(std::string_view key, const std::vector<std::string>& values) const;

  const std::string& language() const { return language_; }
  const std::map<std::string, std::string, std::less<>>& all() const { return texts_; }

 private:
  std::string language_;
  std::map<std::string, std::string, std::less<>> texts_;
  mutable std::map<std::string, std::string, std::less<>> missing_;
};

/// The languages that there is a catalogue of, sorted.
std::vector<std::string> languages();

}  // namespace hvlab::views
