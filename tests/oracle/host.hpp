// Runs cases on the host's processor, in child processes that it may crash.
#pragma once

#include <span>

#include "case.hpp"

namespace hvlab::oracle {

/// True on hosts whose processor can be asked (x86-64 Linux with IA-32 emulation that lets the fixed
/// addresses be mapped); else `why` says what is missing.
bool host_available(const char*& why);

class Host {
 public:
  static constexpr size_t kBatch = 2048;
  Host();
  ~Host();
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  /// Runs up to kBatch cases with the data pages starting as `data` (kDataBytes) and the read-only page as
  /// `constants`.
  void run(std::span<const Case> cases, const u8* data, const u8* constants, std::span<Result> results);

  /// Children that died with a case and were replaced.
  unsigned lost() const { return lost_; }

 private:
  struct Mailbox;
  Mailbox* box_ = nullptr;
  unsigned lost_ = 0;
};

}  // namespace hvlab::oracle
