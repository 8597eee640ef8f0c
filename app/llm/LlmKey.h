#pragma once

#include "app/llm/LlmSettings.h"

#include <QByteArray>
#include <QObject>
#include <QString>

#include <functional>

namespace tagalign::app {

/// The secret that an endpoint asks for, and where it was found. Never stored in a project.
struct LlmKey
{
    enum class Source { None, Environment, Keyring };

    QByteArray value; ///< empty: requests go without one
    Source source = Source::None;
    QString where;   ///< the variable's name, for Environment
    QString problem; ///< why the keyring could not be asked; empty if it could
};

/// TAGALIGN_LLM_KEY for any endpoint; OPENAI_API_KEY for api.openai.com alone, which it belongs to.
[[nodiscard]] LlmKey keyOfEnvironment(const LlmSettings& settings);

using OnKey = std::function<void(const LlmKey&)>;
using OnKeyChanged = std::function<void(const QString& problem)>; ///< empty: it went well

// The system's keyring (Secret Service or KWallet), a key for each origin. Each returns at once
// and calls back on the same thread, unless the receiver is gone by then; needs an event loop.

/// The environment's key if there is one, else the keyring's.
void findKey(const LlmSettings& settings, QObject* receiver, OnKey then);
void storeKey(const LlmSettings& settings, const QByteArray& key, QObject* receiver,
              OnKeyChanged then);
void removeKey(const LlmSettings& settings, QObject* receiver, OnKeyChanged then);

/// findKey() for where nothing else runs: waits for the keyring, which may ask the user to unlock.
[[nodiscard]] LlmKey findKeyNow(const LlmSettings& settings);

/// "from the keyring", "from TAGALIGN_LLM_KEY", "none: ..".
[[nodiscard]] QString keyStatus(const LlmKey& key);

} // namespace tagalign::app
