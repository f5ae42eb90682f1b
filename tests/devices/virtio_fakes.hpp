// A medium and a link whose completions come when the test says so.
#pragma once

#include <deque>
#include <vector>

#include "sim/ports/block_medium.hpp"
#include "sim/ports/character_sink.hpp"
#include "sim/ports/frame_link.hpp"

namespace hvlab::test {

struct FakeMedium final : BlockMedium {
  explicit FakeMedium(size_t bytes, bool read_only_medium = false)
      : content(bytes), locked(read_only_medium) {}
  void attach(BlockClient& to) override { client = &to; }
  u64 capacity() const override { return content.size(); }
  bool read_only() const override { return locked; }
  void submit(BlockRequest request) override { requests.push_back(std::move(request)); }
  void abandon() override { requests.clear(); }

  void finish(size_t index = 0) {
    const BlockRequest request = requests.at(index);
    requests.erase(requests.begin() + static_cast<std::ptrdiff_t>(index));
    BlockCompletion done{request.id, !failing, {}};
    const auto at = content.begin() + static_cast<std::ptrdiff_t>(request.offset);
    const auto bytes = static_cast<std::ptrdiff_t>(request.bytes);
    if (done.ok && request.operation == BlockOperation::Read) done.data.assign(at, at + bytes);
    if (done.ok && request.operation == BlockOperation::Write)
      std::copy(request.data.begin(), request.data.end(), at);
    if (done.ok && request.operation == BlockOperation::Discard) std::fill(at, at + bytes, u8{0});
    client->block_done(std::move(done));
  }

  std::vector<u8> content;
  bool locked;
  bool failing = false;
  BlockClient* client = nullptr;
  std::deque<BlockRequest> requests;
};

struct FakeLink final : FrameLink {
  void attach(FrameClient& to) override { client = &to; }
  bool up() const override { return is_up; }
  u64 bits_per_second() const override { return 1'000'000'000; }
  void send(u64 id, std::vector<u8> frame) override { frames.push_back({id, std::move(frame)}); }
  void abandon() override { frames.clear(); }

  void finish() {
    const u64 id = frames.front().first;
    frames.pop_front();
    client->frame_sent(id);
  }

  bool is_up = true;
  FrameClient* client = nullptr;
  std::deque<std::pair<u64, std::vector<u8>>> frames;
};

struct FakeOutput final : CharacterSink {
  void write(std::span<const u8> bytes) override { text.append(bytes.begin(), bytes.end()); }
  std::string text;
};

}  // namespace hvlab::test
