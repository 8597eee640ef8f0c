#include "app/PromptService.h"

#include <QPointer>
#include <QVariant>

#include <utility>

namespace tagalign::app {

namespace {

const char* const kNewestRequest = "newestHeatmapRequest";

} // namespace

struct PromptService::Loaded
{
    /// A model with a head, loaded on first use.
    struct View
    {
        model::pipeline::ModelFiles model;
        std::string head;
        std::string loadedHead;
        std::unique_ptr<model::pipeline::PromptSession> session;
    };

    View used;
    View beside;
    std::vector<std::string> referenceImages;
    std::vector<std::string> referencePrompts;

    model::pipeline::PromptSession& get(View& view) const
    {
        if (!view.session) {
            view.session = std::make_unique<model::pipeline::PromptSession>(view.model);
            view.session->setReference(referenceImages, referencePrompts);
            view.loadedHead.clear();
        }
        if (view.loadedHead != view.head) {
            // A bad one is told only once.
            const std::string wanted = std::exchange(view.head, {});
            view.session->setHead(wanted);
            view.loadedHead = view.head = wanted;
        }
        return *view.session;
    }

    model::pipeline::PromptSession& get(const Source& source)
    {
        if (beside.model.checkpoint != source.model.checkpoint) {
            beside.model = source.model;
            beside.session.reset();
        }
        beside.head = source.headFile.toStdString();
        return get(beside);
    }
};

PromptService::PromptService(QObject* parent)
    : QObject(parent),
      m_worker(new QObject),
      m_loaded(std::make_unique<Loaded>())
{
    m_worker->moveToThread(&m_thread);
    m_thread.start(QThread::LowPriority);
}

PromptService::~PromptService()
{
    m_thread.quit();
    m_thread.wait();
    delete m_worker;
}

void PromptService::post(std::function<void(Loaded&)> work)
{
    QMetaObject::invokeMethod(
        m_worker,
        [this, work = std::move(work)] {
            try {
                work(*m_loaded);
            } catch (const std::exception& error) {
                QMetaObject::invokeMethod(
                    this,
                    [this, message = QString::fromUtf8(error.what())] { Q_EMIT failed(message); },
                    Qt::QueuedConnection);
            }
        },
        Qt::QueuedConnection);
}

void PromptService::setModel(const model::pipeline::ModelFiles& model)
{
    post([model](Loaded& loaded) {
        loaded.used.model = model;
        loaded.used.session.reset();
    });
}

void PromptService::setHead(const QString& headFile)
{
    post([head = headFile.toStdString()](Loaded& loaded) { loaded.used.head = head; });
}

void PromptService::setReference(const std::vector<std::string>& hashes,
                                 const std::vector<std::string>& prompts)
{
    post([hashes, prompts](Loaded& loaded) {
        loaded.referenceImages = hashes;
        loaded.referencePrompts = prompts;
        for (const Loaded::View* view : {&loaded.used, &loaded.beside}) {
            if (view->session) {
                view->session->setReference(hashes, prompts);
            }
        }
    });
}

void PromptService::heatmaps(QObject* asker, const Request& request, OnHeatmaps then)
{
    // The counter is shared with the worker, which skips what has been asked over.
    using Counter = std::shared_ptr<std::atomic<quint64>>;
    auto counter = asker->property(kNewestRequest).value<Counter>();
    if (!counter) {
        counter = std::make_shared<std::atomic<quint64>>(0);
        asker->setProperty(kNewestRequest, QVariant::fromValue(counter));
    }
    const quint64 number = ++*counter;
    post([this, counter, number, request, guard = QPointer<QObject>(asker),
          then = std::move(then)](Loaded& loaded) {
        if (*counter != number) {
            return;
        }
        const auto mapsOf = [&request](model::pipeline::PromptSession& session) {
            return session.heatmaps(request.file.toStdString(), request.sha256.toStdString(),
                                    request.prompt.toStdString());
        };
        Heatmaps maps{.pair = mapsOf(loaded.get(loaded.used)), .beside = std::nullopt};
        if (request.beside) {
            maps.beside = mapsOf(loaded.get(*request.beside));
        } else {
            loaded.beside = {}; // a second model takes memory
        }
        QMetaObject::invokeMethod(
            this,
            [guard, counter, number, then, maps] {
                if (guard && *counter == number) {
                    then(maps);
                }
            },
            Qt::QueuedConnection);
    });
}

void PromptService::search(QObject* asker, const std::vector<std::string>& hashes,
                           const QString& prompt, std::size_t limit, OnHits then)
{
    post([this, hashes, prompt, limit, guard = QPointer<QObject>(asker),
          then = std::move(then)](Loaded& loaded) {
        auto& session = loaded.get(loaded.used);
        const auto before = session.search(hashes, prompt.toStdString(), false, limit);
        const auto after = loaded.used.head.empty()
                               ? std::vector<model::pipeline::SearchHit>()
                               : session.search(hashes, prompt.toStdString(), true, limit);
        QMetaObject::invokeMethod(
            this,
            [guard, then, before, after] {
                if (guard) {
                    then(before, after);
                }
            },
            Qt::QueuedConnection);
    });
}

} // namespace tagalign::app
