#include "hv-models/user/vmm/disk.hpp"

#include "hv-models/user/library/calls.hpp"
#include "hv-models/user/library/text.hpp"

namespace vmm {

using hvlab::devices::DiskBackend;
using hvlab::devices::kSectorBytes;
using hvlab::devices::Piece;

long Disk::open(const char* path, unsigned index, unsigned count) {
  constexpr uint64_t kUnit = 8;  // sectors: parts begin at multiples of 4 KiB
  const long file = user::open(path, user::kReadWrite);
  const long bytes = file < 0 ? file : user::seek_end(static_cast<int>(file));
  if (bytes < 0) return bytes;
  file_ = static_cast<int>(file);
  sectors_ = static_cast<uint64_t>(bytes) / kSectorBytes / count / kUnit * kUnit;
  first_ = sectors_ * index;
  const long buffer = user::map_memory(kBufferBytes);
  if (buffer < 0) return buffer;
  buffer_ = reinterpret_cast<uint8_t*>(buffer);
  return user::start_thread([](void* disk) { static_cast<Disk*>(disk)->serve(); }, this);
}

DiskBackend Disk::backend() {
  return {sectors_, [](void* disk, Job& job) { static_cast<Disk*>(disk)->start(job); }, this};
}

void Disk::start(Job& job) {
  jobs_[put_++ % kMostJobs] = &job;
  arrival_.wake_all();
}

void Disk::serve() {
  for (;;) {
    Job* job = nullptr;
    {
      const user::Hold hold(mutex_);
      while (put_ == taken_) arrival_.wait(mutex_);
      job = jobs_[taken_++ % kMostJobs];
    }
    const bool well = perform(*job);
    const user::Hold hold(mutex_);
    job->failed = !well;
    job->done(*job);
  }
}

bool Disk::move(Job::Kind kind, uint8_t* memory, uint64_t bytes, uint64_t at) const {
  const long place = static_cast<long>(at);
  const long moved = kind == Job::Kind::Read ? user::pread(file_, memory, bytes, place)
                                             : user::pwrite(file_, memory, bytes, place);
  return moved == static_cast<long>(bytes);
}

// The host moves whole sectors only, and the guest's pieces need not be any: through a buffer.
bool Disk::perform_in_parts(const Job& job, uint64_t at) const {
  const uint64_t total = job.bytes();
  unsigned piece = 0;
  uint64_t offset = 0;  // in the piece
  const auto exchange = [&](uint64_t bytes, bool to_guest) {
    for (uint64_t done = 0; done < bytes;) {
      const Piece& p = job.pieces[piece];
      const uint64_t part = p.bytes - offset < bytes - done ? p.bytes - offset : bytes - done;
      to_guest ? memcpy(p.at + offset, buffer_ + done, part) : memcpy(buffer_ + done, p.at + offset, part);
      done += part;
      offset += part;
      if (offset == p.bytes) ++piece, offset = 0;
    }
  };
  for (uint64_t done = 0; done < total;) {
    const uint64_t part = total - done < kBufferBytes ? total - done : kBufferBytes;
    if (job.kind == Job::Kind::Write) exchange(part, false);
    if (!move(job.kind, buffer_, part, at + done)) return false;
    if (job.kind == Job::Kind::Read) exchange(part, true);
    done += part;
  }
  return true;
}

bool Disk::perform(const Job& job) const {
  if (job.kind == Job::Kind::Flush) return user::fsync(file_) >= 0;
  uint64_t at = (first_ + job.sector) * kSectorBytes;
  bool whole = true;
  for (unsigned i = 0; i < job.count; ++i) whole = whole && job.pieces[i].bytes % kSectorBytes == 0;
  if (!whole) return job.bytes() % kSectorBytes == 0 && perform_in_parts(job, at);
  for (unsigned i = 0; i < job.count; ++i) {
    if (!move(job.kind, job.pieces[i].at, job.pieces[i].bytes, at)) return false;
    at += job.pieces[i].bytes;
  }
  return true;
}

}  // namespace vmm
