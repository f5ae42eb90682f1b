#include "sim/views/lesson_commands.hpp"

#include <algorithm>

namespace hvlab::views {

namespace {

const std::string kStart = "hvlab run scenarios/lessons/";
const std::string kEnd = ".yaml";

std::vector<std::string> shell_words(const std::string& text) {
  std::vector<std::string> words;
  bool quoted = false, inside = false;
  for (const char c : text) {
    if (c == '\'') {
      quoted = !quoted;
      if (!inside) words.emplace_back();
      inside = true;
    } else if (c == ' ' && !quoted) {
      inside = false;
    } else {
      if (!inside) words.emplace_back();
      inside = true;
      words.back() += c;
    }
  }
  return words;
}

void add_command(const std::string& text, std::vector<LessonCommand>& commands) {
  if (!text.starts_with(kStart) || std::ranges::count(commands, text, &LessonCommand::text) != 0) return;
  const size_t end = text.find(kEnd, kStart.size());
  if (end == std::string::npos) return;
  LessonCommand command;
  command.text = text;
  command.scenario = text.substr(kStart.size(), end - kStart.size());
  command.name = command.scenario + "+" + std::to_string(commands.size() + 1);
  command.rest = shell_words(text.substr(end + kEnd.size()));
  commands.push_back(std::move(command));
}

void read_blocks(const std::vector<Block>& blocks, std::vector<LessonCommand>& commands) {
  for (const Block& block : blocks) {
    for (const Span& span : block.spans) {
      if (span.code) add_command(span.text, commands);
    }
    read_blocks(block.children, commands);
  }
}

}  // namespace

std::vector<LessonCommand> commands_of(const std::vector<Block>& blocks) {
  std::vector<LessonCommand> commands;
  read_blocks(blocks, commands);
  return commands;
}

}  // namespace hvlab::views
