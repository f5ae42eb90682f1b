#include <nlohmann/json.hpp>

#include "sim/views/requests.hpp"

namespace hvlab::views {

using observe::IoOperation;
using observe::IoStage;
using observe::IoWhere;
using Json = nlohmann::json;

namespace {

// The value of an enumeration whose name is `text`.
template <class Enum>
std::optional<Enum> named(std::string_view text) {
  for (unsigned i = 0; i < static_cast<unsigned>(Enum::Count); ++i) {
    if (text == observe::name(static_cast<Enum>(i))) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

u64 number(const Json& from, const char* key) { return from.at(key).get<u64>(); }

observe::IoPiece piece_of(const Json& from) {
  const auto stage = named<IoStage>(from.at(0).get_ref<const std::string&>());
  if (!stage) throw std::out_of_range("stage");
  return {.stage = *stage,
          .where = named<IoWhere>(from.at(1).get_ref<const std::string&>()).value_or(IoWhere::Unknown),
          .core = from.at(2).get<u8>(),
          .begin = from.at(3).get<u64>(),
          .end = from.at(4).get<u64>()};
}

// All stages but those that it says were not seen. A request of the machine's own system is injected nowhere.
u16 seen_stages(const Json& unseen, unsigned system) {
  u16 seen = (1U << observe::kIoStages) - 1;
  const auto clear = [&](IoStage stage) { seen &= static_cast<u16>(~(1U << static_cast<unsigned>(stage))); };
  if (system == 0) clear(IoStage::Injected);
  for (const Json& each : unseen) {
    if (const auto stage = named<IoStage>(each.get_ref<const std::string&>())) clear(*stage);
  }
  return seen;
}

Request request_of(const Json& line) {
  Request request;
  observe::IoRequest& io = request.io;
  io.system = line.at("system").get<unsigned>();
  io.operation =
      named<IoOperation>(line.at("operation").get_ref<const std::string&>()).value_or(IoOperation::Other);
  io.sector = number(line, "sector");
  io.bytes = number(line, "bytes");
  io.begin = number(line, "begin");
  io.end = number(line, "end");
  request.cycles = number(line, "cycles");
  io.parts = line.at("parts").get<unsigned>();
  io.copy_known = line.contains("copied");
  io.copied = io.copy_known ? number(line, "copied") : 0;
  io.seen = seen_stages(line.at("unseen"), io.system);
  if (line.contains("exits")) line.at("exits").get_to(request.exits);
  for (const Json& piece : line.value("pieces", Json::array())) io.pieces.push_back(piece_of(piece));
  return request;
}

// A request's pieces follow each other from its begin to its end.
bool is_whole(const observe::IoRequest& io) {
  Picoseconds at = io.begin;
  for (const observe::IoPiece& piece : io.pieces) {
    if (piece.begin != at || piece.end < piece.begin) return false;
    at = piece.end;
  }
  return io.begin <= io.end && (io.pieces.empty() || at == io.end);
}

}  // namespace

std::optional<Request> parse_request(std::string_view line) {
  const Json json = Json::parse(line, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  try {
    Request request = request_of(json);
    return is_whole(request.io) ? std::optional(std::move(request)) : std::nullopt;
  } catch (const Json::exception&) {  // something else stands there
    return std::nullopt;
  } catch (const std::out_of_range&) {
    return std::nullopt;
  }
}

}  // namespace hvlab::views
