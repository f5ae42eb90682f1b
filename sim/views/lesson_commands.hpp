// Commands that a lesson's text suggests to try.
#pragma once

#include <string>
#include <vector>

#include "sim/views/markdown.hpp"

namespace hvlab::views {

struct LessonCommand {
  std::string text;               // as it stands in the text
  std::string name;               // what its run is called among the lesson's: "coscheduling+1"
  std::string scenario;           // "coscheduling"
  std::vector<std::string> rest;  // words behind the scenario's file
};

/// Code in the text that is `hvlab run scenarios/lessons/NAME.yaml ...`, in its order, each once. Words are
/// parted as a shell does, with 'quotes'.
std::vector<LessonCommand> commands_of(const std::vector<Block>& blocks);

}  // namespace hvlab::views
