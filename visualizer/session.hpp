// What was open last, so that it is there again at the next start.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace hvlab::visualizer {

/// $XDG_CONFIG_HOME/hvlab, or ~/.config/hvlab.
std::filesystem::path session_folder();

/// The arguments that made the state in which `runs` (as a command line calls them; empty: any) were left,
/// and the window's size; nothing if they were not open before, or the file cannot be understood.
struct Session {
  std::vector<std::string> arguments;
  int width = 0, height = 0;
};
std::optional<Session> last_session(const std::filesystem::path& folder,
                                    const std::vector<std::string>& runs);

/// Remembers it; of the last 50 sets of runs. What cannot be written is not remembered.
void remember(const std::filesystem::path& folder, const std::vector<std::string>& runs,
              const Session& session);

}  // namespace hvlab::visualizer
