// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/crash_notes.h"

#include <QByteArrayList>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

namespace postern {
namespace {

constexpr std::array kFaults{SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
constexpr qint64 kMostRead = 1 << 20;
constexpr int kLine = 9; // eight hex digits and a line end

std::atomic<int> g_descriptor{-1};
std::array<struct sigaction, kFaults.size()> g_before; // written before the handlers are in place

constinit thread_local volatile quint32 t_work = 0;

// A stack that has run out (a recursion without end) needs another one for the handler.
struct SpareStack {
    SpareStack() {
        stack_t there{};
        if (::sigaltstack(nullptr, &there) != 0 || !(there.ss_flags & SS_DISABLE))
            return; // somebody else's, a sanitizer's say
        stack_t mine{};
        mine.ss_sp = memory.data();
        mine.ss_size = memory.size();
        isSet = ::sigaltstack(&mine, nullptr) == 0;
    }
    ~SpareStack() {
        stack_t none{};
        none.ss_flags = SS_DISABLE;
        if (isSet)
            (void)::sigaltstack(&none, nullptr);
    }
    std::array<char, 32 * 1024> memory{};
    bool isSet = false;
};

// Nothing in here may take memory or a lock.
void onFault(int signal) {
    if (const quint32 work = t_work; work != 0) {
        char line[kLine];
        for (int i = 0; i < 8; ++i)
            line[i] = "0123456789abcdef"[(work >> (28 - 4 * i)) & 15];
        line[8] = '\n';
        (void)!::write(g_descriptor.load(std::memory_order_relaxed), line, sizeof line);
    }
    for (size_t i = 0; i < kFaults.size(); ++i)
        if (kFaults[i] == signal)
            (void)::sigaction(signal, &g_before[i], nullptr);
    (void)::raise(signal); // it comes when we return, and is what the parent sees
}

std::map<quint32, int> readNotes(int descriptor) {
    QByteArray text;
    text.resize(kMostRead);
    const ssize_t size = ::pread(descriptor, text.data(), size_t(kMostRead), 0);
    text.truncate(size < 0 ? 0 : qsizetype(size));
    std::map<quint32, int> counts;
    for (const QByteArray& line : text.split('\n')) {
        bool ok = false;
        const quint32 work = line.toUInt(&ok, 16);
        if (ok && work != 0 && line.size() == kLine - 1)
            ++counts[work];
    }
    return counts;
}

} // namespace

AtWork::AtWork(quint32 what) : m_before(t_work) {
    thread_local const SpareStack spare;
    (void)spare.isSet;
    t_work = what;
}

AtWork::~AtWork() {
    t_work = m_before;
}

Result<std::unique_ptr<CrashNotes>> CrashNotes::open(const QByteArray& file) {
    if (g_descriptor.load() >= 0)
        return Error{ErrorCode::Busy, "another gateway in this program keeps them", Permanence::Temporary};
    const int descriptor =
        ::open(file.constData(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    struct stat st {};
    if (descriptor < 0 || ::fstat(descriptor, &st) != 0 || !S_ISREG(st.st_mode) || ::fchmod(descriptor, 0600) != 0) {
        const int number = descriptor >= 0 && !S_ISREG(st.st_mode) ? EINVAL : errno;
        if (descriptor >= 0)
            ::close(descriptor);
        return Error{ErrorCode::Io, "cannot write " + file + ": " + std::strerror(number), Permanence::Temporary};
    }
    auto notes = std::unique_ptr<CrashNotes>(new CrashNotes(file, readNotes(descriptor), descriptor));
    g_descriptor = descriptor;
    for (size_t i = 0; i < kFaults.size(); ++i) {
        struct sigaction action {};
        action.sa_handler = onFault;
        action.sa_flags = SA_ONSTACK;
        (void)::sigemptyset(&action.sa_mask);
        (void)::sigaction(kFaults[i], nullptr, &g_before[i]);
        (void)::sigaction(kFaults[i], &action, nullptr);
    }
    return notes;
}

CrashNotes::~CrashNotes() {
    for (size_t i = 0; i < kFaults.size(); ++i)
        (void)::sigaction(kFaults[i], &g_before[i], nullptr);
    g_descriptor = -1;
    ::close(m_descriptor);
}

void CrashNotes::keepOnly(std::map<quint32, int> counts) {
    QByteArray text;
    for (auto at = counts.begin(); at != counts.end();) {
        const auto noted = m_counts.find(at->first);
        if (noted == m_counts.end()) {
            at = counts.erase(at);
            continue;
        }
        at->second = qMin(at->second, noted->second);
        for (int i = 0; i < at->second; ++i)
            text += QByteArray::number(at->first, 16).rightJustified(8, '0') + '\n';
        ++at;
    }
    if (counts == m_counts)
        return;
    m_counts = std::move(counts);
    if (::ftruncate(m_descriptor, 0) == 0)
        (void)!::write(m_descriptor, text.constData(), size_t(text.size()));
}

} // namespace postern
