// Profiles of media: YAML files in which every figure stands beside its source.
#pragma once

#include <yaml-cpp/yaml.h>

#include <string>
#include <vector>

#include "sim/base/types.hpp"

namespace hvlab::media {

/// One figure with where it comes from; a source that begins with "assumed" says that it is a guess.
struct Figure {
  std::string name;
  u64 value = 0;
  std::string source;
  bool assumed() const { return source.rfind("assumed", 0) == 0; }
};

/// Reads one profile file: a mapping of names to texts and of names to {value, source}. All functions throw
/// UserError with file, line and column.
class FigureFile {
 public:
  /// Profile `name` of folder profiles/`kind` ("disk", "link"), or the file `name` if it holds a '/' or ends
  /// in ".yaml". An unknown name's message lists the known ones.
  FigureFile(const std::string& kind, const std::string& name);

  /// The profile's name: its file name without ".yaml".
  const std::string& name() const { return name_; }
  /// The text of `key`.
  std::string text(const std::string& key);
  /// The figure `key`, within low..high.
  u64 figure(const std::string& key, u64 low, u64 high);
  /// Complains of the first key that nobody asked for.
  void finish() const;
  [[noreturn]] void fail(const YAML::Node& at, const std::string& message) const;
  [[noreturn]] void fail(const std::string& key, const std::string& message) const;

  std::vector<Figure> figures;

 private:
  YAML::Node take(const std::string& key);

  std::string name_;
  std::string path_;
  YAML::Node root_;
  std::vector<std::string> taken_;
};

/// Names of the profiles of `kind` that come with HVLab, in alphabetical order.
std::vector<std::string> profile_names(const std::string& kind);

}  // namespace hvlab::media
