// Runs cases on HVLab's processor: 64-bit or 32-bit code at CPL 3 with the host's memory map.
#pragma once

#include <memory>

#include "case.hpp"
#include "machine_code.hpp"

namespace hvlab::oracle {

class Ours {
 public:
  explicit Ours(const timing::Profile& profile);

  /// Sets what the data pages and the read-only page start as.
  void memory(const u8* data, const u8* constants);
  Result run(const Case& c);

 private:
  void build_gdt();
  void map();
  void start(const Case& c);
  void finish(int vector, Result& r);

  test::Machine machine_;
  std::unique_ptr<u8[]> data_ = std::make_unique<u8[]>(kDataBytes);
};

}  // namespace hvlab::oracle
