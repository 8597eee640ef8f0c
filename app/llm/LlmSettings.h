#pragma once

#include "db/Database.h"

#include <QByteArray>
#include <QString>
#include <QUrl>

namespace tagalign::app {

/// Which language model reads the captions, and how it is to be asked. Holds no key.
struct LlmSettings
{
    QString endpoint; ///< as typed: "http://localhost:11434/v1", or the whole address
    QString model;
    int concurrency = 4;         ///< requests under way at once, [1, 16]
    int captionsPerRequest = 1;  ///< [1, 50]; more are cheaper, but read each other
    int timeoutMs = 120'000;     ///< for one answer, [1'000, 3'600'000]
    double inputPrice = 0.0;     ///< US dollars for a million tokens, >= 0
    double outputPrice = 0.0;    ///< the same
    int attempts = 4;            ///< of one request, [1, 10]
    int retryDelayMs = 1'000;    ///< before the second attempt; doubles with each
    int longestWaitMs = 600'000; ///< that a server may ask for before the run is given up

    static constexpr int kMostRequests = 16;
    static constexpr int kMostCaptions = 50;

    /// @throws model::Error naming what is missing or out of its range.
    void check() const;

    /// Where requests go: the endpoint with "/chat/completions" (and "/v1" before it where the
    /// endpoint names a server alone). @throws model::Error if it is no http or https address.
    [[nodiscard]] QUrl chatUrl() const;

    /// "https://host:port": what a key belongs to. @throws model::Error
    [[nodiscard]] QString origin() const;

    /// What the tokens cost, US dollars.
    [[nodiscard]] double price(double inputTokens, double outputTokens) const;

    /// As last stored in the project. @throws db::Error
    [[nodiscard]] static LlmSettings load(const db::Database& database);
    void save(db::Database& database) const; ///< @throws db::Error
};

/// Is the host this machine itself?
[[nodiscard]] bool isThisMachine(const QUrl& url);

} // namespace tagalign::app
