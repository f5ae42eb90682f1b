#include "sim/lab/console_tails.hpp"

namespace hvlab::lab {

void ConsoleTails::write(const std::string& name, u8 byte) {
  std::string& text = texts_[name];
  if (text.size() >= 2 * kBytes) text.erase(0, text.size() - kBytes);
  text += static_cast<char>(byte);
}

std::vector<inspect::ConsoleTail> ConsoleTails::tails(size_t bytes) const {
  std::vector<inspect::ConsoleTail> list;
  for (const auto& [name, text] : texts_) {
    const size_t from = text.size() - std::min(text.size(), bytes);
    const size_t line = from == 0 ? 0 : text.find('\n', from) + 1;  // 0 if there is none
    list.push_back({name, text.substr(std::max(from, line))});
  }
  return list;
}

}  // namespace hvlab::lab
