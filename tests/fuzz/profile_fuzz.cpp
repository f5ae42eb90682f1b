// Profiles that a user has written: each is read, or refused with a UserError. Start it with the folders of
// profiles/ as corpus.
#include <unistd.h>

#include <cstdio>
#include <string>

#include "fuzz.hpp"
#include "sim/base/user_error.hpp"
#include "sim/media/disk_profile.hpp"
#include "sim/media/link_profile.hpp"
#include "sim/timing/profile.hpp"

using namespace hvlab;

namespace {

template <class F>
void refused_or(F load) {
  try {
    load();
  } catch (const UserError&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const u8* data, size_t size) {
  static const std::string path = "/tmp/hvlab-fuzz-" + std::to_string(getpid()) + ".yaml";
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return 0;
  std::fwrite(data, 1, size, file);
  std::fclose(file);
  refused_or([] { timing::load_profile(path, timing::Accuracy::Approximate); });
  refused_or([] { media::load_disk_profile(path); });
  refused_or([] { media::load_link_profile(path); });
  unlink(path.c_str());
  return 0;
}
