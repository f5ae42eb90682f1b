// All that a picture depends on, and the command line that says it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/views/run_set.hpp"

namespace hvlab::visualizer {

using views::PicosecondDelta;

/// Plain data. Times are of the shared cursor.
struct ViewState {
  std::vector<std::string> runs;               // as a command line calls them
  std::vector<unsigned> shown;                 // which of all cells and runs, from 1; empty: the first eight
  std::string view = "compare";                // a name of all_views()
  std::string lesson;                          // the lesson that is gone through; empty: none
  std::optional<PicosecondDelta> at;           // the cursor; nothing: it is nowhere
  std::optional<PicosecondDelta> from, until;  // the span that is shown; nothing: all of it
  std::optional<PicosecondDelta> marker_a, marker_b;
  views::Alignment align;
  std::string language = "en";
  bool dark = false;
  bool present = false;                        // large type
  float scale = 0;                             // of all that is drawn; 0: the display's
  std::map<std::string, std::string> options;  // of views, by "view.key"; what has its default is not here

  bool operator==(const ViewState&) const = default;

  /// The option `key`, or its default. `key` is one of all_options().
  std::string option(const std::string& key) const;
  bool flag(const std::string& key) const { return option(key) == "yes"; }
  long long number(const std::string& key) const;  // 0 if it is none
  void set(const std::string& key, const std::string& value);
  void set(const std::string& key, const char* value) {
    set(key, std::string(value));
  }  // else it would be a bool
  void set(const std::string& key, bool value) { set(key, std::string(value ? "yes" : "no")); }
  void set_number(const std::string& key, long long value) { set(key, std::to_string(value)); }
};

/// What a command line of `hvlab view` asks for besides a state.
struct Request {
  ViewState state;
  bool help = false;
  std::string screenshot;  // a file to write instead of opening a window
  std::string csv;         // the same for the view's tables
  int width = 1600, height = 1000;
  bool size_given = false;
  bool fresh = false;  // without what was open last
  double bench = 0;    // seconds
  bool json = false;
  bool verbose = false;
  std::string program;             // `hvlab`
  std::vector<std::string> given;  // names of the options that stand on the line
};

/// Reads the arguments of `hvlab view`. Throws UserError.
Request request_from_arguments(const std::vector<std::string>& arguments);

/// The arguments that make `state` again: request_from_arguments(state_to_arguments(s)).state == s.
std::vector<std::string> state_to_arguments(const ViewState& state);

/// The same as a line for a shell: "./hvlab view ...".
std::string state_to_command(const ViewState& state);

/// What `hvlab view --help` prints.
std::string help_text();

/// The whole number that `text` is; nothing if it is anything else.
std::optional<u64> number_in(const std::string& text);

/// A time as it stands on a command line, exactly: "120us", "-1.5ms", "0s".
std::string exact_time(PicosecondDelta time);
/// The reverse; ps, ns, us, ms or s. Throws UserError that begins with `option`.
PicosecondDelta time_of(const std::string& option, const std::string& text);

}  // namespace hvlab::visualizer
