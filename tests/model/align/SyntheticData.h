#pragma once

#include "model/align/Trainer.h"

#include <torch/torch.h>

#include <cstdint>

namespace tagalign::tests {

struct SyntheticSize
{
    std::int64_t train = 48;
    std::int64_t validation = 16;
    std::int64_t rows = 4;
    std::int64_t columns = 4;
    std::int64_t width = 24;
    std::int64_t embedding = 12;
    std::int64_t objects = 6;
    std::int64_t attributes = 5;
};

/// A task that a head can learn: a few patches of each image hold a token of its object and of
/// its attribute, the rest is noise; tag embeddings lie elsewhere in the joint space than the
/// frozen projection puts those tokens. Captions are the normalised sum of their tags.
inline model::align::TrainingData syntheticData(const SyntheticSize& size, std::uint64_t seed)
{
    torch::manual_seed(seed);
    model::align::TrainingData data;
    data.projection = {torch::ones({size.width}), torch::zeros({size.width}),
                       torch::randn({size.width, size.embedding}) / 5.0, 1e-5};
    const std::int64_t tags = size.objects + size.attributes;
    data.tagEmbeddings = model::align::normalised(torch::randn({tags, size.embedding}));
    data.objects = torch::arange(size.objects);
    data.attributes = torch::arange(size.objects, tags);
    const auto tagTokens = 3.0 * torch::randn({tags, size.width});

    std::vector<torch::Tensor> captions;
    for (std::int64_t object = 0; object < size.objects; ++object)
        for (std::int64_t attribute = 0; attribute < size.attributes; ++attribute)
            captions.push_back(model::align::normalised(
                data.tagEmbeddings[object] + data.tagEmbeddings[size.objects + attribute]));
    data.captionEmbeddings = torch::stack(captions);

    const std::int64_t patches = size.rows * size.columns;
    const auto fill = [&](model::align::SampleSet& set, std::int64_t count) {
        set.targets = torch::zeros({count, tags});
        set.unknown = torch::zeros({count, tags}, torch::kBool);
        for (std::int64_t image = 0; image < count; ++image) {
            const std::int64_t object = (image * 7) % size.objects;
            const std::int64_t attribute = (image * 5 + image / 6) % size.attributes;
            auto tokens = torch::randn({patches, size.width});
            const auto places = torch::randperm(patches);
            for (std::int64_t i = 0; i < patches / 4; ++i) {
                tokens[places[i].item<std::int64_t>()] += tagTokens[object];
                tokens[places[i + patches / 4].item<std::int64_t>()] +=
                    tagTokens[size.objects + attribute];
            }
            model::align::Sample sample;
            sample.tokens = tokens.to(torch::kHalf);
            sample.global = torch::randn({size.embedding});
            sample.rows = size.rows;
            sample.columns = size.columns;
            sample.captions = {object * size.attributes + attribute};
            set.samples.push_back(sample);
            set.targets[image][object] = 1.0;
            set.targets[image][size.objects + attribute] = 1.0;
        }
    };
    fill(data.train, size.train);
    fill(data.validation, size.validation);
    return data;
}

} // namespace tagalign::tests
