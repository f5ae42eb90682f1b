// What a tap is for its virtual machine, beside a file of frames.
#pragma once

namespace hvlab::kernel {

class Tap {
 public:
  /// Called with the network lock held when the number of frames that wait has changed.
  struct Listener {
    void (*changed)(void* context, unsigned waiting) = nullptr;
    void* context = nullptr;
  };
  /// Who is told from now on; none: nobody any more. False if there is one already.
  virtual bool listen(const Listener& listener) = 0;

 protected:
  ~Tap() = default;
};

}  // namespace hvlab::kernel
