#include "CLlamaShim.h"

#include <ggml-backend.h>
#include <llama.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <exception>
#include <memory>
#include <mutex>
#include <new>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

thread_local std::string last_error;

int32_t fail(int32_t code, std::string message) {
    last_error = std::move(message);
    return code;
}

/// Runs `body`; an exception becomes FAILED.
template <typename Body>
auto guarded(Body &&body) -> decltype(body()) {
    try {
        return body();
    } catch (const std::exception &error) {
        last_error = error.what();
    } catch (...) {
        last_error = "an unknown C++ exception";
    }
    return ABONO_LLAMA_FAILED;
}

/// The library says a lot while it loads; only warnings and errors matter to whoever reads our standard error.
void log_line(ggml_log_level level, const char *text, void *) {
    if (level == GGML_LOG_LEVEL_ERROR || level == GGML_LOG_LEVEL_WARN) {
        std::fputs(text, stderr);
    }
}

void prepare_library() {
    static std::once_flag once;
    std::call_once(once, [] {
        llama_log_set(log_line, nullptr);
        llama_backend_init();
        // A build whose CPU variants are separate libraries registers none by itself.
        if (ggml_backend_reg_count() == 0) {
            ggml_backend_load_all();
        }
    });
}

struct ModelDeleter {
    void operator()(llama_model *model) const { llama_model_free(model); }
};
struct ContextDeleter {
    void operator()(llama_context *context) const { llama_free(context); }
};
struct BatchDeleter {
    void operator()(llama_batch_ext *batch) const { llama_batch_ext_free(batch); }
};
struct PoolDeleter {
    void operator()(ggml_threadpool *pool) const { ggml_threadpool_free(pool); }
};
struct SamplerDeleter {
    void operator()(llama_sampler *sampler) const { llama_sampler_free(sampler); }
};

using Sampler = std::unique_ptr<llama_sampler, SamplerDeleter>;

/// The chain that picks, and the grammar that may veto. They are apart because a grammar over the whole vocabulary is
/// slow: the chain picks first, and only a pick the grammar refuses is made again among what it allows.
struct SequenceSampler {
    Sampler chain;
    Sampler grammar;
};

std::string metadata(const llama_model *model, const char *key) {
    char buffer[512];
    const int32_t length = llama_model_meta_val_str(model, key, buffer, sizeof(buffer));
    return length < 0 ? std::string() : std::string(buffer);
}

}  // namespace

struct abono_llama_model {
    std::unique_ptr<llama_model, ModelDeleter> model;
    const llama_vocab *vocabulary = nullptr;
    abono_llama_facts facts = {};
    std::string description;
    std::string architecture;
    std::string name;
    std::string weights;
};

struct abono_llama_context {
    // Destroyed in reverse order: samplers and batch, then the context, then the threads it computes on.
    std::unique_ptr<ggml_threadpool, PoolDeleter> pool;
    std::unique_ptr<llama_context, ContextDeleter> context;
    std::unique_ptr<llama_batch_ext, BatchDeleter> batch;
    std::vector<SequenceSampler> samplers;
    std::vector<llama_token_data> candidates;
    std::vector<int32_t> sampled_rows;
    std::atomic<bool> stop{false};
    int32_t vocabulary_size = 0;
    int32_t vector_size = 0;
    const llama_vocab *vocabulary = nullptr;
    bool is_computed = false;
    bool makes_vectors = false;

    bool has_sequence(int32_t sequence) const {
        return sequence >= 0 && static_cast<size_t>(sequence) < samplers.size();
    }
};

const char *abono_llama_error(void) {
    return last_error.c_str();
}

const char *abono_llama_build(void) {
    return llama_version();
}

// MARK: - The model

int32_t abono_llama_model_load(const char *path, abono_llama_model **model) {
    return guarded([&]() -> int32_t {
        prepare_library();
        auto result = std::make_unique<abono_llama_model>();
        result->model.reset(llama_model_load_from_file(path, llama_model_default_params()));
        if (!result->model) {
            return fail(ABONO_LLAMA_FAILED, "the file could not be loaded as a model");
        }
        const llama_model *loaded = result->model.get();
        result->vocabulary = llama_model_get_vocab(loaded);
        abono_llama_facts &facts = result->facts;
        facts.bytes = llama_model_size(loaded);
        facts.parameters = llama_model_n_params(loaded);
        facts.trained_context = llama_model_n_ctx_train(loaded);
        facts.vocabulary = llama_vocab_n_tokens(result->vocabulary);
        facts.beginning = llama_vocab_get_add_bos(result->vocabulary) ? llama_vocab_bos(result->vocabulary) : -1;
        result->architecture = metadata(loaded, "general.architecture");
        // Encoders look at a whole text at once: they make vectors and write nothing.
        const bool encodes = llama_vocab_type(result->vocabulary) == LLAMA_VOCAB_TYPE_WPM
            || metadata(loaded, (result->architecture + ".attention.causal").c_str()) == "false";
        facts.generates = !encodes && llama_model_has_decoder(loaded) && !llama_model_has_encoder(loaded)
            && !llama_model_is_diffusion(loaded);
        facts.vector_size = encodes && !llama_model_is_diffusion(loaded) ? llama_model_n_embd_out(loaded) : 0;
        facts.longest_piece = 1;
        for (int32_t token = 0; token < facts.vocabulary; ++token) {
            char piece[512];
            const int32_t length = llama_token_to_piece(result->vocabulary, token, piece, sizeof(piece), 0, true);
            facts.longest_piece = std::max(facts.longest_piece, std::abs(length));
        }
        char description[256] = {};
        llama_model_desc(loaded, description, sizeof(description));
        result->description = description;
        result->name = metadata(loaded, "general.name");
        result->weights = llama_ftype_name(llama_model_ftype(loaded));
        *model = result.release();
        return ABONO_LLAMA_OK;
    });
}

void abono_llama_model_free(abono_llama_model *model) {
    delete model;
}

abono_llama_facts abono_llama_model_facts(const abono_llama_model *model) {
    return model->facts;
}

const char *abono_llama_model_text(const abono_llama_model *model, int32_t which) {
    switch (which) {
        case ABONO_LLAMA_TEXT_DESCRIPTION: return model->description.c_str();
        case ABONO_LLAMA_TEXT_ARCHITECTURE: return model->architecture.c_str();
        case ABONO_LLAMA_TEXT_NAME: return model->name.c_str();
        case ABONO_LLAMA_TEXT_TEMPLATE: return llama_model_chat_template(model->model.get(), nullptr);
        case ABONO_LLAMA_TEXT_WEIGHTS: return model->weights.c_str();
        default: return nullptr;
    }
}

int32_t abono_llama_tokenize(
    const abono_llama_model *model, const char *text, int32_t length, bool parse_control, bool add_ends,
    int32_t *tokens, int32_t capacity) {
    return guarded([&]() -> int32_t {
        const int32_t count =
            llama_tokenize(model->vocabulary, text, length, tokens, capacity, add_ends, parse_control);
        if (count == INT32_MIN) {
            return fail(ABONO_LLAMA_BAD_ARGUMENT, "the text is too long to be tokenised");
        }
        return std::abs(count);
    });
}

int32_t abono_llama_piece(const abono_llama_model *model, int32_t token, char *bytes, int32_t capacity) {
    return guarded([&]() -> int32_t {
        if (token < 0 || token >= model->facts.vocabulary) {
            return fail(ABONO_LLAMA_BAD_ARGUMENT, "the token is not in the vocabulary");
        }
        return std::abs(llama_token_to_piece(model->vocabulary, token, bytes, capacity, 0, /* special */ false));
    });
}

bool abono_llama_ends_generation(const abono_llama_model *model, int32_t token) {
    return llama_vocab_is_eog(model->vocabulary, token);
}

// MARK: - The context

int32_t abono_llama_context_create(
    abono_llama_model *model, abono_llama_options options, abono_llama_context **context) {
    return guarded([&]() -> int32_t {
        if (options.sequences < 1 || options.sequences > static_cast<int32_t>(llama_max_parallel_sequences())
            || options.context < 1 || options.threads < 1 || options.batch < options.sequences) {
            return fail(ABONO_LLAMA_BAD_ARGUMENT, "sequences, context, threads or batch out of range");
        }
        auto result = std::make_unique<abono_llama_context>();

        // Without a pool of our own ggml makes and destroys one for every graph. Polling zero: threads sleep between
        // graphs, so an idle engine costs nothing.
        ggml_threadpool_params pool = ggml_threadpool_params_default(options.threads);
        pool.poll = 0;
        result->pool.reset(ggml_threadpool_new(&pool));
        if (!result->pool) {
            return fail(ABONO_LLAMA_FAILED, "the compute threads could not be started");
        }

        llama_context_params params = llama_context_default_params();
        params.n_seq_max = static_cast<uint32_t>(options.sequences);
        // Each sequence has a cache of its own: none can take another's room, and what a sequence computes does not
        // depend on where in a shared cache it happened to lie.
        params.kv_unified = false;
        params.n_ctx = static_cast<uint32_t>(options.context) * params.n_seq_max;
        params.n_batch = static_cast<uint32_t>(options.batch);
        params.n_ubatch = params.n_batch;
        params.n_outputs_max = static_cast<uint32_t>(std::clamp(options.rows, options.sequences, options.batch));
        params.n_outputs_max_per_seq = params.n_outputs_max;
        if (options.vectors) {
            // An encoder looks at a whole batch at once and keeps nothing; all of its rows are put out.
            params.embeddings = true;
            params.n_ctx = params.n_batch;
            params.kv_unified = true;
            params.n_outputs_max = params.n_batch;
            params.n_outputs_max_per_seq = params.n_batch;
        }
        params.n_threads = options.threads;
        params.n_threads_batch = options.threads;
        params.abort_callback = [](void *flag) {
            return static_cast<std::atomic<bool> *>(flag)->load(std::memory_order_relaxed);
        };
        params.abort_callback_data = &result->stop;
        result->context.reset(llama_init_from_model(model->model.get(), params));
        if (options.vectors && result->context
            && llama_pooling_type(result->context.get()) == LLAMA_POOLING_TYPE_NONE) {
            // The file does not say how a text's vector is made of its tokens': their mean is the usual way.
            params.pooling_type = LLAMA_POOLING_TYPE_MEAN;
            result->context.reset(llama_init_from_model(model->model.get(), params));
        }
        if (!result->context) {
            return fail(ABONO_LLAMA_FAILED, "the context could not be made (too little memory?)");
        }
        if (options.vectors && llama_pooling_type(result->context.get()) == LLAMA_POOLING_TYPE_RANK) {
            return fail(ABONO_LLAMA_FAILED, "the model ranks pairs of texts and makes no vectors");
        }
        result->makes_vectors = options.vectors;
        result->vector_size = model->facts.vector_size;
        llama_attach_threadpool(result->context.get(), result->pool.get(), result->pool.get());
        result->batch.reset(llama_batch_ext_init(result->context.get()));
        result->samplers.resize(static_cast<size_t>(options.sequences));
        result->vocabulary = model->vocabulary;
        result->vocabulary_size = model->facts.vocabulary;
        result->candidates.resize(static_cast<size_t>(result->vocabulary_size));
        *context = result.release();
        return ABONO_LLAMA_OK;
    });
}

void abono_llama_context_free(abono_llama_context *context) {
    delete context;
}

int32_t abono_llama_context_size(const abono_llama_context *context) {
    return static_cast<int32_t>(llama_n_ctx_seq(context->context.get()));
}

void abono_llama_context_abort(abono_llama_context *context, bool stop) {
    context->stop.store(stop, std::memory_order_relaxed);
}

void abono_llama_batch_clear(abono_llama_context *context) {
    llama_batch_ext_clear(context->batch.get());
    context->sampled_rows.clear();
    context->is_computed = false;
}

int32_t abono_llama_batch_add(
    abono_llama_context *context, int32_t sequence, int32_t token, int32_t position, bool sampled) {
    return guarded([&]() -> int32_t {
        if (position < 0 || position >= abono_llama_context_size(context)) {
            return fail(ABONO_LLAMA_BAD_ARGUMENT, "the position is outside the context");
        }
        const int32_t row = llama_batch_ext_add_token(context->batch.get(), sequence, token);
        if (row < 0) {
            return fail(ABONO_LLAMA_BAD_ARGUMENT, "the batch is full, or the token or sequence does not exist");
        }
        llama_batch_ext_set_pos(context->batch.get(), row, &position);
        llama_batch_ext_set_output_logits(context->batch.get(), row, sampled);
        if (sampled) {
            context->sampled_rows.push_back(row);
        }
        return row;
    });
}

int32_t abono_llama_process(abono_llama_context *context) {
    return guarded([&]() -> int32_t {
        const auto type = context->makes_vectors ? LLAMA_PROCESS_TYPE_ENCODE : LLAMA_PROCESS_TYPE_DECODE;
        const int32_t code = llama_process(context->context.get(), type, context->batch.get());
        context->is_computed = code == 0;
        switch (code) {
            case 0: return ABONO_LLAMA_OK;
            case 1: return ABONO_LLAMA_NO_ROOM;
            case 2: return ABONO_LLAMA_ABORTED;
            default: return fail(ABONO_LLAMA_FAILED, "computing the batch failed with code " + std::to_string(code));
        }
    });
}

int32_t abono_llama_forget(abono_llama_context *context, int32_t sequence, int32_t position) {
    return guarded([&]() -> int32_t {
        if (!context->has_sequence(sequence)) {
            return fail(ABONO_LLAMA_BAD_ARGUMENT, "no such sequence");
        }
        const bool done = llama_memory_seq_rm(llama_get_memory(context->context.get()), sequence, position, -1);
        return done ? ABONO_LLAMA_OK : fail(ABONO_LLAMA_FAILED, "the model cannot forget a part of a sequence");
    });
}

int32_t abono_llama_held(const abono_llama_context *context, int32_t sequence) {
    if (!context->has_sequence(sequence)) {
        return 0;
    }
    return llama_memory_seq_pos_max(llama_get_memory(context->context.get()), sequence) + 1;
}

// MARK: - Sampling

int32_t abono_llama_sampler_set(
    abono_llama_context *context, int32_t sequence, abono_llama_sampling sampling, const int32_t *bias_tokens,
    const float *biases, int32_t bias_count, const char *grammar) {
    return guarded([&]() -> int32_t {
        if (!context->has_sequence(sequence)) {
            return fail(ABONO_LLAMA_BAD_ARGUMENT, "no such sequence");
        }
        const int32_t size = context->vocabulary_size;
        SequenceSampler result;
        result.chain.reset(llama_sampler_chain_init(llama_sampler_chain_default_params()));
        auto add = [&](llama_sampler *next) {
            if (next == nullptr) {
                throw std::invalid_argument("a sampler could not be made");
            }
            llama_sampler_chain_add(result.chain.get(), next);
        };
        if (bias_count > 0) {
            std::vector<llama_logit_bias> list;
            for (int32_t index = 0; index < bias_count; ++index) {
                if (bias_tokens[index] < 0 || bias_tokens[index] >= size) {
                    return fail(ABONO_LLAMA_BAD_ARGUMENT, "a biased token is not in the vocabulary");
                }
                list.push_back({bias_tokens[index], biases[index]});
            }
            add(llama_sampler_init_logit_bias(size, bias_count, list.data()));
        }
        if (sampling.presence_penalty != 0 || sampling.frequency_penalty != 0) {
            // Over everything generated: the window is the whole context.
            add(llama_sampler_init_penalties(
                size, abono_llama_context_size(context), 1.0f, sampling.frequency_penalty,
                sampling.presence_penalty));
        }
        if (sampling.temperature <= 0) {
            add(llama_sampler_init_greedy());
        } else {
            if (sampling.top_k > 0) {
                add(llama_sampler_init_top_k(sampling.top_k));
            }
            if (sampling.top_p < 1) {
                add(llama_sampler_init_top_p(sampling.top_p, 1));
            }
            if (sampling.min_p > 0) {
                add(llama_sampler_init_min_p(sampling.min_p, 1));
            }
            add(llama_sampler_init_temp(sampling.temperature));
            add(llama_sampler_init_dist(sampling.seed));
        }
        if (grammar != nullptr) {
            result.grammar.reset(llama_sampler_init_grammar(context->vocabulary, grammar, "root"));
            if (!result.grammar) {
                return fail(ABONO_LLAMA_BAD_ARGUMENT, "the grammar cannot be parsed");
            }
        }
        context->samplers[static_cast<size_t>(sequence)] = std::move(result);
        return ABONO_LLAMA_OK;
    });
}

namespace {

/// Fills the candidates from the row's logits.
llama_token_data_array candidates_of(abono_llama_context *context, const float *logits) {
    for (int32_t token = 0; token < context->vocabulary_size; ++token) {
        context->candidates[static_cast<size_t>(token)] = {token, logits[token], 0.0f};
    }
    return {context->candidates.data(), context->candidates.size(), -1, false};
}

/// The chain's pick, or -1 if it made none.
int32_t pick(llama_sampler *chain, llama_token_data_array &candidates) {
    llama_sampler_apply(chain, &candidates);
    if (candidates.selected < 0 || candidates.selected >= static_cast<int64_t>(candidates.size)) {
        return -1;
    }
    return candidates.data[candidates.selected].id;
}

bool allows(llama_sampler *grammar, int32_t token) {
    llama_token_data single = {token, 1.0f, 0.0f};
    llama_token_data_array list = {&single, 1, -1, false};
    llama_sampler_apply(grammar, &list);
    return !std::isinf(single.logit);
}

}  // namespace

int32_t abono_llama_sample(abono_llama_context *context, int32_t sequence, int32_t row, int32_t *token) {
    return guarded([&]() -> int32_t {
        const auto &rows = context->sampled_rows;
        if (!context->has_sequence(sequence) || !context->samplers[static_cast<size_t>(sequence)].chain
            || !context->is_computed || std::find(rows.begin(), rows.end(), row) == rows.end()) {
            return fail(ABONO_LLAMA_BAD_ARGUMENT, "no sampler, or the row was not computed to be sampled");
        }
        const float *logits = llama_get_logits_ith(context->context.get(), row);
        if (logits == nullptr) {
            return fail(ABONO_LLAMA_FAILED, "the row has no logits");
        }
        SequenceSampler &sampler = context->samplers[static_cast<size_t>(sequence)];
        llama_token_data_array candidates = candidates_of(context, logits);
        int32_t choice = pick(sampler.chain.get(), candidates);
        if (sampler.grammar) {
            if (choice < 0 || !allows(sampler.grammar.get(), choice)) {
                candidates = candidates_of(context, logits);
                llama_sampler_apply(sampler.grammar.get(), &candidates);
                choice = pick(sampler.chain.get(), candidates);
                if (choice < 0 || !allows(sampler.grammar.get(), choice)) {
                    return fail(ABONO_LLAMA_FAILED, "the grammar allows no token here");
                }
            }
            llama_sampler_accept(sampler.grammar.get(), choice);
        }
        if (choice < 0) {
            return fail(ABONO_LLAMA_FAILED, "no token could be picked");
        }
        llama_sampler_accept(sampler.chain.get(), choice);
        *token = choice;
        return ABONO_LLAMA_OK;
    });
}

// MARK: - Likelihoods and vectors

namespace {

/// The logits of a row that was computed to be sampled, or nullptr with the error set.
const float *logits_of(abono_llama_context *context, int32_t row) {
    const auto &rows = context->sampled_rows;
    if (!context->is_computed || context->makes_vectors || std::find(rows.begin(), rows.end(), row) == rows.end()) {
        last_error = "the row was not computed to be sampled";
        return nullptr;
    }
    const float *logits = llama_get_logits_ith(context->context.get(), row);
    if (logits == nullptr) {
        last_error = "the row has no logits";
    }
    return logits;
}

/// The logarithm by which logits exceed logarithms of probabilities.
double log_sum(const float *logits, int32_t count) {
    const float largest = *std::max_element(logits, logits + count);
    double sum = 0;
    for (int32_t token = 0; token < count; ++token) {
        sum += std::exp(static_cast<double>(logits[token] - largest));
    }
    return largest + std::log(sum);
}

}  // namespace

int32_t abono_llama_logprobs(
    abono_llama_context *context, int32_t row, const int32_t *tokens, int32_t count, double *logprobs) {
    return guarded([&]() -> int32_t {
        const float *logits = logits_of(context, row);
        if (logits == nullptr) {
            return ABONO_LLAMA_BAD_ARGUMENT;
        }
        const double normalizer = log_sum(logits, context->vocabulary_size);
        for (int32_t index = 0; index < count; ++index) {
            if (tokens[index] < 0 || tokens[index] >= context->vocabulary_size) {
                return fail(ABONO_LLAMA_BAD_ARGUMENT, "the token is not in the vocabulary");
            }
            logprobs[index] = logits[tokens[index]] - normalizer;
        }
        return ABONO_LLAMA_OK;
    });
}

int32_t abono_llama_likeliest(
    abono_llama_context *context, int32_t row, int32_t count, int32_t *tokens, double *logprobs) {
    return guarded([&]() -> int32_t {
        const float *logits = logits_of(context, row);
        if (logits == nullptr || count < 0) {
            return ABONO_LLAMA_BAD_ARGUMENT;
        }
        const double normalizer = log_sum(logits, context->vocabulary_size);
        const int32_t size = std::min(count, context->vocabulary_size);
        std::vector<int32_t> best(static_cast<size_t>(context->vocabulary_size));
        std::iota(best.begin(), best.end(), 0);
        std::partial_sort(best.begin(), best.begin() + size, best.end(), [&](int32_t left, int32_t right) {
            return logits[left] != logits[right] ? logits[left] > logits[right] : left < right;
        });
        for (int32_t index = 0; index < size; ++index) {
            tokens[index] = best[static_cast<size_t>(index)];
            logprobs[index] = logits[tokens[index]] - normalizer;
        }
        return size;
    });
}

int32_t abono_llama_vector(abono_llama_context *context, int32_t sequence, float *vector, int32_t capacity) {
    return guarded([&]() -> int32_t {
        if (!context->has_sequence(sequence) || !context->makes_vectors || !context->is_computed
            || capacity < context->vector_size) {
            return fail(ABONO_LLAMA_BAD_ARGUMENT, "no such sequence, or nothing was computed");
        }
        const float *pooled = llama_get_embeddings_seq(context->context.get(), sequence);
        if (pooled == nullptr) {
            return fail(ABONO_LLAMA_FAILED, "the sequence has no vector");
        }
        double squares = 0;
        for (int32_t index = 0; index < context->vector_size; ++index) {
            squares += static_cast<double>(pooled[index]) * pooled[index];
        }
        const double scale = squares > 0 ? 1 / std::sqrt(squares) : 0;
        for (int32_t index = 0; index < context->vector_size; ++index) {
            vector[index] = static_cast<float>(pooled[index] * scale);
        }
        return context->vector_size;
    });
}

int32_t abono_llama_copy(abono_llama_context *context, int32_t from, int32_t to, int32_t count) {
    return guarded([&]() -> int32_t {
        if (!context->has_sequence(from) || !context->has_sequence(to) || from == to || count < 1
            || count > abono_llama_held(context, from)) {
            return fail(ABONO_LLAMA_BAD_ARGUMENT, "no such sequences, or they hold less");
        }
        llama_memory_t memory = llama_get_memory(context->context.get());
        llama_memory_seq_rm(memory, to, -1, -1);
        std::vector<uint8_t> bytes(llama_state_seq_get_size(context->context.get(), from));
        const size_t got = llama_state_seq_get_data(context->context.get(), bytes.data(), bytes.size(), from);
        if (got > 0 && llama_state_seq_set_data(context->context.get(), bytes.data(), got, to) > 0
            && llama_memory_seq_rm(memory, to, count, -1) && abono_llama_held(context, to) == count) {
            return ABONO_LLAMA_OK;
        }
        llama_memory_seq_rm(memory, to, -1, -1);
        return fail(ABONO_LLAMA_FAILED, "a sequence could not be copied");
    });
}

// MARK: - State

int64_t abono_llama_state_size(abono_llama_context *context, int32_t sequence) {
    return guarded([&]() -> int64_t {
        if (!context->has_sequence(sequence)) {
            return fail(ABONO_LLAMA_BAD_ARGUMENT, "no such sequence");
        }
        if (abono_llama_held(context, sequence) == 0) {
            return 0;
        }
        return static_cast<int64_t>(llama_state_seq_get_size(context->context.get(), sequence));
    });
}

int64_t abono_llama_state_get(abono_llama_context *context, int32_t sequence, uint8_t *bytes, int64_t capacity) {
    return guarded([&]() -> int64_t {
        if (!context->has_sequence(sequence) || capacity < 0) {
            return fail(ABONO_LLAMA_BAD_ARGUMENT, "no such sequence");
        }
        const size_t count = llama_state_seq_get_data(
            context->context.get(), bytes, static_cast<size_t>(capacity), sequence);
        return count > 0 ? static_cast<int64_t>(count) : fail(ABONO_LLAMA_FAILED, "the state could not be written");
    });
}

int64_t abono_llama_state_set(
    abono_llama_context *context, int32_t sequence, const uint8_t *bytes, int64_t count) {
    return guarded([&]() -> int64_t {
        if (!context->has_sequence(sequence) || count <= 0) {
            return fail(ABONO_LLAMA_BAD_ARGUMENT, "no such sequence, or no bytes");
        }
        const size_t read = llama_state_seq_set_data(
            context->context.get(), bytes, static_cast<size_t>(count), sequence);
        return read > 0 ? static_cast<int64_t>(read) : fail(ABONO_LLAMA_FAILED, "the state does not fit this model");
    });
}
