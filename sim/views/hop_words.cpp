#include "sim/views/hop_words.hpp"

namespace hvlab::views {

std::string hop_words(const Messages& messages, const std::string& label) {
  const auto words = [&](const std::string& part) {
    return messages.has("hops." + part) ? messages("hops." + part) : part;
  };
  const size_t colon = label.find(": ");
  if (colon == std::string::npos || messages.has("hops." + label)) return words(label);
  return words(label.substr(0, colon)) + ": " + words(label.substr(colon + 2));
}

}  // namespace hvlab::views
